// Parts of a request whose checking stops: a body may be wrong in a million places, and 20 are shown.
import { z } from 'zod';
import { MAX_PLACES } from '../../domain/errors.ts';

/** A list of at least one item, whose items are checked until more are wrong than an error shows. */
export const boundedList = <Item>(item: z.ZodType<Item>, longest: number) =>
  z
    .array(z.unknown())
    .min(1)
    .max(longest)
    .superRefine((items, context) => checkUntilFull(items.entries(), item, context))
    .meta({ items: describedBy(item) }) as unknown as z.ZodType<Item[], Item[]>;

/** An object of at most so many fields, which are counted before any is checked. */
export const boundedRecord = <Value>(value: z.ZodType<Value>, most: number) =>
  z
    .unknown()
    .superRefine((given, context) => {
      if (!isObject(given)) return context.addIssue('must be an object');
      const fields = Object.entries(given);
      if (fields.length > most) {
        return context.addIssue(`has ${fields.length} fields, and at most ${most} are read`);
      }
      return checkUntilFull(fields, value, context);
    })
    .meta({ type: 'object', additionalProperties: describedBy(value) }) as unknown as z.ZodType<
    Record<string, Value>,
    Record<string, Value>
  >;

/** An object of any fields, which are checked elsewhere. */
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

/** What the description of the API says of a part that is checked by hand. */
function describedBy(schema: z.ZodType): object {
  const { $schema, ...described } = z.toJSONSchema(schema, { io: 'input' });
  return described;
}
