// Requests of the Open Inference protocol, with bodies as the client of Triton made them (tritonclient 2.73.0).
import { describe, expect, it } from 'vitest';
import { inferenceAnswer } from '../../../api/protocols/inference-answer.ts';
import { readInference, splitBody } from '../../../api/protocols/inference-request.ts';
import { readTensor } from '../../../api/protocols/tensors.ts';

const wanted = new Set(['hours', 'tickets', 'plan', 'paid']);

/** `InferInput.set_data_from_numpy` for columns of FP64, INT64, BYTES and BOOL, with the default of binary data. */
const header =
  '{"id":"id-1","inputs":[{"name":"hours","shape":[2],"datatype":"FP64","parameters":{"binary_data_size":16}},{"name":"tickets","shape":[2],"datatype":"INT64","parameters":{"binary_data_size":16}},{"name":"plan","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":17}},{"name":"paid","shape":[2],"datatype":"BOOL","parameters":{"binary_data_size":2}}],"parameters":{"binary_data_output":true}}';
const tensors = Buffer.from(
  '000000000000f83f000000000000f87f' +
    '01000000000000000200000000000000' +
    '04000000706c7573' +
    '050000006261736963' +
    '0100',
  'hex',
);
const fromTriton = Buffer.concat([Buffer.from(header), tensors]);

const read = (body: Buffer, length?: number) =>
  readInference(splitBody(body, length === undefined ? undefined : String(length)), wanted);
const readJson = (body: unknown) => read(Buffer.from(JSON.stringify(body)));
const input = (over: object) => ({
  inputs: [{ name: 'hours', shape: [2], datatype: 'FP64', data: [1, 2], ...over }],
});

describe('a request with binary tensors', () => {
  it('is read as the client of Triton sends it', () => {
    const { id, table, outputs, shape } = read(fromTriton, header.length);
    expect(Object.fromEntries(table.columns)).toEqual({
      hours: Float64Array.of(1.5, NaN),
      tickets: BigInt64Array.of(1n, 2n),
      plan: ['plus', 'basic'],
      paid: [true, false],
    });
    expect([id, table.rows, shape]).toEqual(['id-1', 2, [2]]);
    expect(outputs).toEqual([
      { name: 'probability', isBinary: true },
      { name: 'label', isBinary: true },
    ]);
  });

  it.each([
    ['the header is no number', fromTriton, '1e2', 'Inference-Header-Content-Length is 1e2'],
    ['the header is longer than the body', fromTriton, '9999', 'a number of bytes up to'],
    ['the tensors are cut off', fromTriton.subarray(0, -1), String(header.length), 'binary_data_size'],
    [
      'bytes follow the tensors',
      Buffer.concat([fromTriton, Buffer.alloc(1)]),
      String(header.length),
      '1 bytes that belong to no tensor',
    ],
    ['the header cuts the JSON', fromTriton, String(header.length - 1), 'not valid JSON'],
  ])('is refused if %s', (_, body, length, words) => {
    expect(() => readInference(splitBody(body, length), wanted)).toThrow(words);
  });
});

describe('a tensor', () => {
  const bytes = (hex: string) => Buffer.from(`ff${hex}`, 'hex').subarray(1);

  it.each([
    ['FP32', '0000c03f000020c0', Float32Array.of(1.5, -2.5)],
    ['FP16', '003e00c1', Float64Array.of(1.5, -2.5)],
    ['FP16', '0100007c', Float64Array.of(2 ** -24, Infinity)],
    ['INT8', 'ff01', Int8Array.of(-1, 1)],
    ['UINT16', 'ffff0100', Uint16Array.of(65_535, 1)],
    ['INT32', 'ffffffff01000000', Int32Array.of(-1, 1)],
    ['UINT64', 'ffffffffffffffff0000000000000000', BigUint64Array.of(2n ** 64n - 1n, 0n)],
    ['BOOL', '0102', [true, true]],
    ['BYTES', '0000000002000000c3a9', ['', 'é']],
  ] as const)('of %s is read from its bytes, wherever they begin', (type, hex, values) => {
    expect(readTensor('hours', type, bytes(hex), 2)).toEqual(values);
  });

  it.each([
    ['FP64', '00', 'has 1 bytes of FP64, but 2 values need 16'],
    ['BYTES', '00000000', 'has 1 texts, but its shape needs 2'],
    ['BYTES', '000000000000000000000000', 'has more than 2 texts'],
    ['BYTES', '00', 'ends in the middle of a text'],
    ['BYTES', 'ffffffff61', 'ends in the middle of a text'],
    ['BYTES', '0100000080', 'contains bytes that are not UTF-8'],
  ] as const)('of %s with the bytes %s is refused', (type, hex, words) => {
    expect(() => readTensor('hours', type, bytes(hex), 2)).toThrow(words);
  });
});

describe('a request of JSON', () => {
  it('has the shape [n] or [n, 1], flat or nested, and answers in the shape of its inputs', () => {
    expect(readJson(input({})).shape).toEqual([2]);
    expect(readJson(input({ shape: [2, 1] })).shape).toEqual([2, 1]);
    const nested = readJson(input({ shape: [2, 1], data: [[1], [2]] }));
    expect(nested.table.columns.get('hours')).toEqual([1, 2]);
    const mixed = {
      inputs: [...input({}).inputs, { name: 'plan', shape: [2, 1], datatype: 'BYTES', data: ['a', null] }],
    };
    expect(readJson(mixed).shape).toEqual([2]);
  });

  it('says which outputs it wants, each binary or not', () => {
    const wants = (outputs: unknown, parameters?: object) =>
      readJson({ ...input({}), outputs, parameters }).outputs;
    const all = [
      { name: 'probability', isBinary: false },
      { name: 'label', isBinary: false },
    ];
    expect([wants(undefined), wants([]), wants(null)]).toEqual([all, all, all]);
    const one = [{ name: 'label', parameters: { binary_data: false } }];
    expect(wants(one, { binary_data_output: true })).toEqual([{ name: 'label', isBinary: false }]);
    expect(wants([{ name: 'label' }], { binary_data_output: true })).toEqual([
      { name: 'label', isBinary: true },
    ]);
  });

  it.each([
    ['a list', [], 'the body must be an object'],
    ['without inputs', {}, 'inputs must be a list'],
    ['with no input', { inputs: [] }, 'at least one tensor'],
    ['with an input without a name', { inputs: [{}] }, 'inputs.0.name must be a text'],
    ['with an unknown column', input({ name: '__proto__' }), '__proto__ is not a column of the model'],
    ['with a column twice', { inputs: [...input({}).inputs, ...input({}).inputs] }, 'appears twice'],
    ['with an unknown datatype', input({ datatype: 'constructor' }), 'datatype'],
    ['without a shape', input({ shape: undefined }), 'must have a shape'],
    ['with two columns in one tensor', input({ shape: [1, 2] }), 'has the shape [1, 2]'],
    ['with a negative shape', input({ shape: [-1] }), 'must have a shape'],
    ['with too few values', input({ data: [1] }), 'has 1 values, but its shape needs 2'],
    ['without values', input({ data: undefined }), 'the data of the tensor hours must be a list'],
    ['with too many rows', input({ shape: [10_001] }), '10001 rows, but at most 10000'],
    [
      'with 2^53 rows',
      input({ shape: [2 ** 53 - 1], parameters: { binary_data_size: 0 }, data: undefined }),
      'rows',
    ],
    ['in shared memory', input({ parameters: { shared_memory_region: 'x' } }), 'shared memory'],
    ['with data twice', input({ parameters: { binary_data_size: 0 } }), 'both data and binary_data_size'],
    ['that asks for another output', { ...input({}), outputs: [{ name: 'logits' }] }, 'asks for logits'],
    [
      'that asks for an output twice',
      { ...input({}), outputs: [{ name: 'label' }, { name: 'label' }] },
      'label twice',
    ],
    ['with an id that is a number', { ...input({}), id: 7 }, 'id must be a text'],
    ['with parameters that are a list', { ...input({}), parameters: [] }, 'parameters must be an object'],
  ])('%s is refused', (_, body, words) => {
    expect(() => readJson(body)).toThrow(words);
  });
});

describe('an answer', () => {
  const model = { model: 'churn', version: 3, threshold: 0.5 };

  it('is JSON with label and probability, and the id as it was sent', () => {
    const { body, headerLength } = inferenceAnswer(model, readJson({ ...input({}), id: 'x' }), {
      scores: [0.25, 0.5],
      ids: ['a', 'bé'],
    });
    expect([JSON.parse(body.toString()), headerLength]).toEqual([
      {
        model_name: 'churn',
        model_version: '3',
        id: 'x',
        parameters: { threshold: 0.5 },
        outputs: [
          { name: 'probability', shape: [2], datatype: 'FP64', data: [0.25, 0.5] },
          { name: 'label', shape: [2], datatype: 'INT64', data: [0, 1] },
        ],
      },
      undefined,
    ]);
  });

  it('contains the ids of the predictions if they are asked for, as texts', () => {
    const predictions = { scores: [0.25, 0.5], ids: ['a', 'bé'] };
    const request = (isBinary: boolean) =>
      readJson({ ...input({}), outputs: [{ name: 'prediction_id', parameters: { binary_data: isBinary } }] });
    const json = JSON.parse(inferenceAnswer(model, request(false), predictions).body.toString()) as object;
    expect(json).toMatchObject({
      outputs: [{ name: 'prediction_id', datatype: 'BYTES', data: ['a', 'bé'] }],
    });
    const { body, headerLength } = inferenceAnswer(model, request(true), predictions);
    expect(readTensor('prediction_id', 'BYTES', body.subarray(headerLength), 2)).toEqual(['a', 'bé']);
  });

  it('may contain binary outputs, in the order in which they were asked for', () => {
    const outputs = [
      { name: 'label', parameters: { binary_data: true } },
      { name: 'probability', parameters: { binary_data: true } },
    ];
    const { body, headerLength } = inferenceAnswer(model, readJson({ ...input({}), outputs }), {
      scores: [0.25, 0.5],
      ids: ['a', 'bé'],
    });
    const json = JSON.parse(body.subarray(0, headerLength).toString()) as { outputs: object[] };
    expect(json.outputs).toEqual([
      { name: 'label', shape: [2], datatype: 'INT64', parameters: { binary_data_size: 16 } },
      { name: 'probability', shape: [2], datatype: 'FP64', parameters: { binary_data_size: 16 } },
    ]);
    expect(body.subarray(headerLength).toString('hex')).toBe(
      '00000000000000000100000000000000' + '000000000000d03f000000000000e03f',
    );
  });
});
