// The schema of an imported model: which feature goes into which input, and which output contains the score.
import { z } from 'zod';
import { TidegateError } from '../../errors.ts';
import { type OnnxColumn, type OnnxInput, type OnnxOutput, type OnnxType } from './onnx-artifact.ts';

const featureSchema = z.union(
  [
    z.string().min(1),
    z.strictObject({
      feature: z.string().min(1),
      /** Levels of a category: a list, in which the position is the model's number for a level, or a map from level to number. */
      categories: z.union([z.array(z.string()).min(1), z.record(z.string(), z.number())]).optional(),
      /** The number for values that are not among the levels. @default null, which means NaN */
      unseen: z.number().nullable().optional(),
      /**
       * Replaces a missing value: a number, or a text if the input is of type string.
       *
       * @default null, which means NaN, or '' if the input is of type string
       */
      missing: z.union([z.number(), z.string()]).nullable().optional(),
    }),
  ],
  'write the name of a feature, or { feature, categories, unseen, missing }',
);

/** The content of the file given by `--schema`. */
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
  /** The operating threshold: scores at or above it get the decision yes. @default 0.5 */
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

/** Inputs and output of a model after mapping. */
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
        times === 0
          ? `the schema does not fill the model's input ${name}`
          : `the schema names the model's input ${name} more than once`,
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
      `the input ${name} ${isTensor ? `is of type ${type}` : 'is not a tensor'}; supported are tensors of float32, float64, int64, int32 and string`,
    );
  const width = shape[1];
  const isMatrix = shape.length === 2 && (typeof shape[0] !== 'number' || shape[0] < 1);
  if (!isMatrix)
    throw wrong(
      `the input ${name} has the shape [${shape.join(', ')}]; it must accept any number of rows, [N, columns]`,
    );
  if (typeof width === 'number' && width > 0 && width !== wanted.length)
    throw wrong(
      `the input ${name} has ${width} columns, but the number of features that the schema lists for it is ${wanted.length}`,
    );
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
  if (!feature)
    throw wrong(
      `the model's definition has no feature ${name}, which the schema lists for the input ${input}`,
    );
  if (type === 'string') {
    if (feature.kind !== 'category')
      throw wrong(`${name} is a number, but the input ${input} accepts strings`);
    return { kind: 'category', as: 'text', name, missing: missing === null ? '' : String(missing) };
  }
  if (typeof missing === 'string')
    throw wrong(`${name}: the input ${input} accepts numbers, so "missing" cannot be "${missing}"`);
  // Integers have no NaN for a missing value.
  if (type.startsWith('int') && missing === null)
    throw wrong(
      `${name}: the input ${input} accepts whole numbers, so the schema must give a number for "missing"`,
    );
  if (feature.kind === 'numeric') {
    if (categories) throw wrong(`${name} is a number and has no categories`);
    return { kind: 'numeric', name, missing };
  }
  if (!categories)
    throw wrong(`${name} is a category, but the input ${input} accepts numbers: list its "categories"`);
  if (type.startsWith('int') && unseen === null)
    throw wrong(
      `${name}: the input ${input} accepts whole numbers, so the schema must give a number for "unseen"`,
    );
  const codes = Array.isArray(categories)
    ? categories.map((value, code) => ({ value, code }))
    : Object.entries(categories).map(([value, code]) => ({ value, code }));
  if (new Set(codes.map(({ value }) => value)).size < codes.length)
    throw wrong(`${name} lists a category twice`);
  return { kind: 'category', as: 'code', name, codes, unseen, missing };
}

function mapOutput(
  { name, column, holds }: OnnxSchema['output'],
  { isTensor, type = '', shape = [] }: DeclaredValue,
): OnnxOutput {
  if (!isTensor)
    throw wrong(
      `the output ${name} is a list of maps, not a tensor: export the model again without ZipMap (zipmap=False)`,
    );
  if (type !== 'float32' && type !== 'float64')
    throw wrong(
      `the output ${name} is of type ${type}, so it does not contain probabilities: name the output that does`,
    );
  const width = shape.length < 2 ? 1 : shape[1];
  if (shape.length > 2)
    throw wrong(
      `the output ${name} has the shape [${shape.join(', ')}]; it must be [N], [N, 1] or [N, classes]`,
    );
  if (typeof width === 'number' && width > 0) {
    if (width > 2 && column === undefined)
      throw wrong(`the output ${name} has ${width} columns: set "column" to that of the positive class`);
    if (column !== undefined && column >= width)
      throw wrong(`the output ${name} has no column ${column}: it has ${width}, counted from 0`);
    return { name, column: column ?? width - 1, holds };
  }
  if (column === undefined)
    throw wrong(
      `the model does not declare how many columns the output ${name} has: set "column" to that of the positive class`,
    );
  return { name, column, holds };
}
