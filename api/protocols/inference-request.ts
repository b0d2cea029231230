// Reads an inference request of the Open Inference protocol, version 2, with its binary extension.
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { decodeUtf8 } from '../plugins/body-text.ts';
import { parseJson } from '../plugins/json-body.ts';
import { checkRows, type RequestTable, type SentValues } from './request-table.ts';
import { isTensorType, readTensor } from './tensors.ts';

/** The names of the outputs of every model, with their types. */
export const OUTPUTS = { probability: 'FP64', label: 'INT64', prediction_id: 'BYTES' } as const;

/** The outputs of a request that asks for none. */
const DEFAULT_OUTPUTS: readonly OutputName[] = ['probability', 'label'];

/** The name of an output. */
export type OutputName = keyof typeof OUTPUTS;

/** An output that the client asks for. */
export interface RequestedOutput {
  readonly name: OutputName;
  readonly isBinary: boolean;
}

/** A request that was read. */
export interface InferenceRequest {
  readonly id: string | undefined;
  readonly table: RequestTable;
  readonly outputs: readonly RequestedOutput[];
  /** The shape of each output: [n, 1] if all inputs have that shape, otherwise [n]. */
  readonly shape: readonly number[];
  /** Row time, as it was sent. */
  readonly asOf: unknown;
}

/** A body as it was received: the JSON, and the bytes of binary tensors behind it. */
export interface InferenceBody {
  readonly json: unknown;
  readonly binary: Uint8Array;
}

/**
 * Splits a body into JSON and tensors.
 *
 * @param headerLength the header Inference-Header-Content-Length: how many bytes are JSON. @default all
 * @throws TidegateError INVALID_REQUEST, UNSUPPORTED_MEDIA_TYPE
 */
export function splitBody(body: Buffer, headerLength: string | undefined): InferenceBody {
  const length = headerLength === undefined ? body.length : readLength(headerLength, body.length);
  const json = parseJson(decodeUtf8(body.subarray(0, length)), { pythonNumbers: true });
  return { json, binary: body.subarray(length) };
}

function readLength(header: string, most: number): number {
  const length = /^\d{1,12}$/.test(header) ? Number(header) : -1;
  if (length >= 0 && length <= most) return length;
  throw refused(
    `the header Inference-Header-Content-Length is ${excerpt(header)}, but must be a number of bytes up to ${most}`,
  );
}

/**
 * Reads a request. Tensors that are not wanted are refused, because no client of this protocol sends columns that the model does
 * not have.
 *
 * @param wanted names of the columns of the model and of the keys of its entity
 * @throws TidegateError INVALID_REQUEST
 */
export function readInference(
  { json, binary }: InferenceBody,
  wanted: ReadonlySet<string>,
): InferenceRequest {
  const body = objectOf('the body', json);
  const parameters = optionalObject('parameters', body['parameters']);
  const { id } = body;
  if (id !== undefined && id !== null && (typeof id !== 'string' || id.length > MAX_ID))
    throw refused(`id must be a text of at most ${MAX_ID} characters`);
  const { table, isColumn } = readInputs(listOf('inputs', body['inputs']), binary, wanted);
  return {
    id: typeof id === 'string' ? id : undefined,
    table,
    outputs: readOutputs(body['outputs'], parameters['binary_data_output'] === true),
    shape: isColumn ? [table.rows, 1] : [table.rows],
    asOf: parameters['as_of'],
  };
}

const MAX_ID = 1_000;

function readInputs(
  inputs: readonly unknown[],
  binary: Uint8Array,
  wanted: ReadonlySet<string>,
): { readonly table: RequestTable; readonly isColumn: boolean } {
  const columns = new Map<string, SentValues>();
  let rest = binary;
  let rows: number | undefined;
  let isColumn = true;
  inputs.forEach((each, index) => {
    const input = objectOf(`inputs.${index}`, each);
    const { name, datatype, data } = input;
    if (typeof name !== 'string') throw refused(`inputs.${index}.name must be a text`);
    const at = `the tensor ${excerpt(name)}`;
    if (!wanted.has(name))
      throw refused(`${at} is not a column of the model; it has ${excerpt([...wanted].join(', '), 400)}`);
    if (columns.has(name)) throw refused(`${at} appears twice`);
    if (!isTensorType(datatype)) throw refused(`${at} has a datatype that is not one of the protocol`);
    const shape = readShape(at, input['shape']);
    const count = shape[0]!;
    if (rows !== undefined && rows !== count)
      throw refused(`${at} has ${count} rows, but another tensor has ${rows}`);
    rows = count;
    if (shape.length === 1) isColumn = false;
    checkRows(count);
    const parameters = optionalObject(`the parameters of ${at}`, input['parameters']);
    if (parameters['shared_memory_region'] !== undefined)
      throw refused(`${at} is in shared memory, which is not supported`);
    const size = parameters['binary_data_size'];
    if (size === undefined || size === null) columns.set(name, readData(at, data, count));
    else {
      if (data !== undefined) throw refused(`${at} has both data and binary_data_size`);
      if (!isWhole(size) || size > rest.length)
        throw refused(`${at} has a binary_data_size that the body does not contain`);
      columns.set(name, readTensor(name, datatype, rest.subarray(0, size), count));
      rest = rest.subarray(size);
    }
  });
  if (rest.length > 0) throw refused(`the body has ${rest.length} bytes that belong to no tensor`);
  if (rows === undefined) throw refused('inputs must contain at least one tensor');
  return { table: { rows, columns }, isColumn };
}

/** Reads the shape [n] or [n, 1]. */
function readShape(at: string, shape: unknown): readonly number[] {
  if (Array.isArray(shape) && shape.every(isWhole)) {
    if (shape.length === 1 || (shape.length === 2 && shape[1] === 1)) return shape;
    throw refused(`${at} has the shape [${excerpt(shape.join(', '))}], but a column has [n] or [n, 1]`);
  }
  throw refused(`${at} must have a shape: a list of whole numbers`);
}

/** Reads values of JSON, which may be nested once: [1, 2] or [[1], [2]]. */
function readData(at: string, data: unknown, count: number): readonly unknown[] {
  const values = (Array.isArray(data) ? (data as unknown[]) : listOf(`the data of ${at}`, data)).map(
    (value) => (Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value),
  );
  if (values.length !== count)
    throw refused(`${at} has ${values.length} values, but its shape needs ${count}`);
  return values;
}

function readOutputs(outputs: unknown, isBinary: boolean): RequestedOutput[] {
  const all = Object.keys(OUTPUTS) as OutputName[];
  if (outputs === undefined || outputs === null) return DEFAULT_OUTPUTS.map((name) => ({ name, isBinary }));
  const requested = listOf('outputs', outputs);
  if (requested.length === 0) return DEFAULT_OUTPUTS.map((name) => ({ name, isBinary }));
  const seen = new Set<string>();
  return requested.map((each, index) => {
    const { name, parameters } = objectOf(`outputs.${index}`, each);
    if (typeof name !== 'string' || !Object.hasOwn(OUTPUTS, name))
      throw refused(
        `outputs.${index} asks for ${typeof name === 'string' ? excerpt(name) : 'no name'}; the outputs are ${all.join(' and ')}`,
      );
    if (seen.has(name)) throw refused(`outputs asks for ${name} twice`);
    seen.add(name);
    const { binary_data: own } = optionalObject(`the parameters of outputs.${index}`, parameters);
    return { name: name as OutputName, isBinary: typeof own === 'boolean' ? own : isBinary };
  });
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

type Fields = Readonly<Record<string, unknown>>;

function objectOf(at: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw refused(`${at} must be an object`);
}

const optionalObject = (at: string, value: unknown): Fields =>
  value === undefined || value === null ? {} : objectOf(at, value);

function listOf(at: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw refused(`${at} must be a list`);
}

const refused = (problem: string): TidegateError => new TidegateError('INVALID_REQUEST', problem);
