// The schema of a model from elsewhere: which feature goes into which input, and where the answer stands.
import { z } from 'zod';
import { TidegateError } from '../../errors.ts';
import { type OnnxColumn, type OnnxInput, type OnnxOutput, type OnnxType } from './onnx-artifact.ts';

const featureSchema = z.union(
  [
    z.string().min(1),
    z.strictObject({
      feature: z.string().min(1),
      /** Levels of a category: their position is the number that the model is given, or the number said. */
      categories: z.union([z.array(z.string()).min(1), z.record(z.string(), z.number())]).optional(),
      /** The number of a value that is no level. @default null, NaN */
      unseen: z.number().nullable().optional(),
      /** What stands for a missing value: a number, or in an input of texts a text. @default null, NaN; '' for texts */
      missing: z.union([z.number(), z.string()]).nullable().optional(),
    }),
  ],
  'write the name of a feature, or { feature, categories, unseen, missing }',
);

/** What `--schema` holds. */
export const onnxSchema = z.strictObject({
  inputs: z
    .array(z.strictObject({ name: z.string().min(1), features: z.array(featureSchema).min(1) }))
    .min(1),
  output: z.strictObject({
    name: z.string().min(1),
    /** Column of the positive class, from 0. @default the last */
    column: z.int().min(0).optional(),
    holds: z.enum(['probability', 'log-odds']).default('probability'),
  }),
  /** Score from which on the version says yes. @default 0.5 */
  threshold: z.number().gt(0).max(1).optional(),
});

/** A checked schema. */
export type OnnxSchema = z.output<typeof onnxSchema>;

/** An input or output as the model itself declares it. */
export interface DeclaredValue {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** A feature of the model's definition. */
export interface KnownFeature {
  readonly name: string;
  readonly kind: 'numeric' | 'category';
}

/** What a schema comes to for one model. */
export interface MappedOnnx {
  readonly inputs: readonly OnnxInput[];
  readonly output: OnnxOutput;
}

const TYPES: Readonly<Record<string, OnnxType>> = {
  float32: 'float32',
  float64: 'float64',
  int64: 'int64',
  int32: 'int32',
  string: 'string',
};

const wrong = (problem: string): TidegateError => new TidegateError('INVALID_ONNX', problem);

/**
 * Maps the features of a definition to the inputs of a model.
 *
 * @throws TidegateError INVALID_ONNX naming the input, output or feature that does not fit
 * @example mapOnnx(onnxSchema.parse(json), session.inputMetadata, session.outputMetadata, features)
 */
export function mapOnnx(
  schema: OnnxSchema,
  declaredInputs: readonly DeclaredValue[],
  declaredOutputs: readonly DeclaredValue[],
  features: readonly KnownFeature[],
): MappedOnnx {
  const names = (values: readonly { name: string }[]): string => values.map(({ name }) => name).join(', ');
  for (const { name } of declaredInputs) {
    const times = schema.inputs.filter((input) => input.name === name).length;
    if (times !== 1)
      throw wrong(
        `the model has an input ${name}, which the schema names ${times === 0 ? 'nowhere' : 'twice'}`,
      );
  }
  const inputs = schema.inputs.map((input) => {
    const declared = declaredInputs.find(({ name }) => name === input.name);
    if (!declared) throw wrong(`the model has no input ${input.name}; it has ${names(declaredInputs)}`);
    return mapInput(input, declared, features);
  });
  const declared = declaredOutputs.find(({ name }) => name === schema.output.name);
  if (!declared)
    throw wrong(`the model has no output ${schema.output.name}; it has ${names(declaredOutputs)}`);
  return { inputs, output: mapOutput(schema.output, declared) };
}

function mapInput(
  { name, features: wanted }: OnnxSchema['inputs'][number],
  { type = '', shape = [], isTensor }: DeclaredValue,
  features: readonly KnownFeature[],
): OnnxInput {
  const known = TYPES[type];
  if (!isTensor || !known)
    throw wrong(
      `the input ${name} is of ${isTensor ? type : 'no tensor'}; float32, float64, int64, int32 and string are known`,
    );
  const width = shape[1];
  const isMatrix = shape.length === 2 && (typeof shape[0] !== 'number' || shape[0] < 1);
  if (!isMatrix)
    throw wrong(
      `the input ${name} has the shape [${shape.join(', ')}]; it must take any number of rows, [N, columns]`,
    );
  if (typeof width === 'number' && width > 0 && width !== wanted.length)
    throw wrong(`the input ${name} has ${width} columns, and the schema gives it ${wanted.length}`);
  return { name, type: known, columns: wanted.map((each) => mapColumn(each, known, name, features)) };
}

function mapColumn(
  wanted: OnnxSchema['inputs'][number]['features'][number],
  type: OnnxType,
  input: string,
  features: readonly KnownFeature[],
): OnnxColumn {
  const {
    feature: name,
    categories,
    unseen = null,
    missing = null,
  } = typeof wanted === 'string' ? { feature: wanted } : wanted;
  const feature = features.find((known) => known.name === name);
  if (!feature) throw wrong(`the model's definition has no feature ${name}, which the input ${input} takes`);
  if (type === 'string') {
    if (feature.kind !== 'category') throw wrong(`${name} is a number, and the input ${input} takes texts`);
    return { kind: 'category', as: 'text', name, missing: missing === null ? '' : String(missing) };
  }
  if (typeof missing === 'string') throw wrong(`${name}: the input ${input} takes numbers, not "${missing}"`);
  // Whole numbers have no NaN to say that nothing is there.
  if (type.startsWith('int') && missing === null)
    throw wrong(
      `${name}: the input ${input} takes whole numbers, so the schema must say what stands for a missing one`,
    );
  if (feature.kind === 'numeric') {
    if (categories) throw wrong(`${name} is a number and has no categories`);
    return { kind: 'numeric', name, missing };
  }
  if (!categories)
    throw wrong(`${name} is a category, and the input ${input} takes numbers: name its categories`);
  if (type.startsWith('int') && unseen === null)
    throw wrong(
      `${name}: the input ${input} takes whole numbers, so the schema must say what stands for an unseen value`,
    );
  const codes = Array.isArray(categories)
    ? categories.map((value, code) => ({ value, code }))
    : Object.entries(categories).map(([value, code]) => ({ value, code }));
  if (new Set(codes.map(({ value }) => value)).size < codes.length)
    throw wrong(`${name} names a category twice`);
  return { kind: 'category', as: 'code', name, codes, unseen, missing };
}

function mapOutput(
  { name, column, holds }: OnnxSchema['output'],
  { isTensor, type = '', shape = [] }: DeclaredValue,
): OnnxOutput {
  if (!isTensor)
    throw wrong(
      `the output ${name} is a list of maps and no tensor: export the model anew without ZipMap (zipmap=False)`,
    );
  if (type !== 'float32' && type !== 'float64')
    throw wrong(
      `the output ${name} holds ${type}, and no probability: name the output with the probabilities`,
    );
  const width = shape.length < 2 ? 1 : shape[1];
  if (shape.length > 2)
    throw wrong(
      `the output ${name} has the shape [${shape.join(', ')}]; [N], [N, 1] or [N, classes] is known`,
    );
  if (typeof width === 'number' && width > 0) {
    if (width > 2 && column === undefined)
      throw wrong(`the output ${name} has ${width} columns: say which is of the positive class`);
    if (column !== undefined && column >= width)
      throw wrong(`the output ${name} has no column ${column}, only ${width}`);
    return { name, column: column ?? width - 1, holds };
  }
  if (column === undefined)
    throw wrong(
      `how many columns the output ${name} has is not declared: say which is of the positive class`,
    );
  return { name, column, holds };
}
