// Schemas that stop validating after enough problems: a body may have a million problems, but an error shows 20.
import { z } from 'zod';
import { MAX_PLACES } from '../../domain/errors.ts';

/** A list of 1 to `maxItems` items. Validation stops once there are more problems than an error shows. */
export const boundedList = <Item>(item: z.ZodType<Item>, maxItems: number) =>
  z
    .array(z.unknown())
    .min(1)
    .max(maxItems)
    .superRefine((items, context) => checkUntilFull(items.entries(), item, context))
    .meta({ items: describedBy(item) }) as unknown as z.ZodType<Item[], Item[]>;

/** An object with at most `maxFields` fields, which are counted before any of them is validated. */
export const boundedRecord = <Value>(value: z.ZodType<Value>, maxFields: number) =>
  z
    .unknown()
    .superRefine((given, context) => {
      if (!isObject(given)) return context.addIssue('must be an object');
      const fields = Object.entries(given);
      if (fields.length > maxFields) {
        return context.addIssue(`has ${fields.length} fields, but at most ${maxFields} are allowed`);
      }
      return checkUntilFull(fields, value, context);
    })
    .meta({ type: 'object', additionalProperties: describedBy(value) }) as unknown as z.ZodType<
    Record<string, Value>,
    Record<string, Value>
  >;

/** An object with any fields, which are validated later. */
export const anyFields = z
  .unknown()
  .refine(isObject, 'must be an object')
  .meta({ type: 'object', additionalProperties: {} }) as unknown as z.ZodType<
  Readonly<Record<string, unknown>>,
  Readonly<Record<string, unknown>>
>;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkUntilFull(
  parts: Iterable<readonly [number | string, unknown]>,
  schema: z.ZodType,
  context: z.RefinementCtx,
): void {
  let problems = 0;
  for (const [at, part] of parts) {
    for (const issue of schema.safeParse(part).error?.issues ?? []) {
      problems += 1;
      context.addIssue({ ...issue, path: [at, ...issue.path] });
    }
    if (problems > MAX_PLACES) return;
  }
}

/** The JSON Schema, for the OpenAPI document, of a part that is validated by hand. */
function describedBy(schema: z.ZodType): object {
  const { $schema, ...described } = z.toJSONSchema(schema, { io: 'input' });
  return described;
}
