// Random bodies to the readers of MLflow and Open Inference: each is read, or refused as an error of the request. They need no
// server, so `npm run fuzz` tries very many.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readInference, splitBody } from '../../../api/protocols/inference-request.ts';
import { readScoringRequest } from '../../../api/protocols/mlflow-json.ts';
import { fitColumns, type RequestTable } from '../../../api/protocols/request-table.ts';
import { readCsv } from '../../../api/protocols/text-cells.ts';
import { parseJson } from '../../../api/plugins/json-body.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { type SourceColumn } from '../../../domain/model/define-model.ts';
import { category, count, flag, instant, numeric } from '../../../domain/model/parts/column.ts';

const RUNS = Number(process.env['TIDEGATE_FUZZ_RUNS'] ?? 300) * 15;

const specs = { hours: numeric(), tickets: count(), plan: category(), paid: flag(), since: instant() };
const inputs: readonly SourceColumn[] = Object.entries(specs).map(([name, spec]) => ({
  name,
  spec,
  view: 0,
}));
const names = [...Object.keys(specs), 'user_id'];
const wanted = new Set(names);

/** Reads a body as a route does. Anything that is thrown must be an error of the request. */
function attempt(read: () => RequestTable): 'read' | 'refused' {
  try {
    const table = read();
    const columns = fitColumns(inputs, table);
    expect(columns.every((column) => column === null || column.length === table.rows)).toBe(true);
    return 'read';
  } catch (error) {
    if (error instanceof TidegateError && error.status < 500) return 'refused';
    throw error;
  }
}

const value = fc.oneof(
  fc.constantFrom(
    null,
    0,
    1,
    -1,
    1.5,
    true,
    false,
    '',
    'a',
    '2024-02-29T06:00:00',
    '\0',
    [1],
    [[]],
    {},
    2 ** 64,
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...names) },
  { weight: 1, arbitrary: fc.string() },
);
const list = (item: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 6, arbitrary: fc.array(item, { maxLength: 4 }) }, { weight: 1, arbitrary: value });
const record = fc.dictionary(name, value, { maxKeys: 5 });

const scoring = fc.record(
  {
    dataframe_split: fc.record(
      { columns: list(name), data: list(list(value)), index: value },
      { requiredKeys: [] },
    ),
    dataframe_records: list(record),
    instances: fc.oneof(list(record), list(list(value))),
    inputs: fc.oneof(fc.dictionary(name, list(value)), list(value)),
    params: value,
  },
  { requiredKeys: [] },
);
/** Bodies that are in order until they are damaged, so that a run of any seed reads some. */
const soundScoring = fc.record({
  dataframe_records: fc.array(
    fc.record({ hours: fc.option(fc.integer()), plan: fc.option(fc.constantFrom('basic', '')) }),
    { minLength: 1, maxLength: 4 },
  ),
});

const tensor = fc.record(
  {
    name,
    shape: fc.oneof(fc.constantFrom([1], [2], [2, 1], [0], [-1], [1, 2], [1e300]), value),
    datatype: fc.oneof(
      fc.constantFrom('FP64', 'FP32', 'FP16', 'INT64', 'UINT8', 'BOOL', 'BYTES', 'BF16'),
      value,
    ),
    parameters: fc.oneof(fc.record({ binary_data_size: fc.oneof(fc.nat(40), value) }), value),
    data: list(value),
  },
  { requiredKeys: ['name', 'shape', 'datatype'] },
);
/** A tensor of two rows whose shape and datatype are right, but whose values may be anything. */
const soundTensor = fc.record({
  name: fc.constantFrom(...names),
  shape: fc.constantFrom([2], [2, 1]),
  datatype: fc.constantFrom('FP64', 'INT64', 'BYTES', 'BOOL'),
  data: fc.array(value, { minLength: 2, maxLength: 2 }),
});
const inference = fc.record(
  {
    id: fc.oneof(fc.string(), value),
    parameters: fc.oneof(fc.constant({}), value),
    inputs: fc.oneof(
      list(tensor),
      fc.uniqueArray(soundTensor, { selector: (each) => each.name, minLength: 1, maxLength: 3 }),
    ),
    outputs: list(fc.record({ name: fc.constantFrom('label', 'probability', 'x'), parameters: value })),
  },
  { requiredKeys: ['inputs'] },
);

/** Damages a text in one of the ways that networks and clients do. */
const damaged = fc.constantFrom(
  (text: string) => text,
  (text: string) => text,
  (text: string) => text.slice(0, -1),
  (text: string) => text.replace('null', 'NaN').replace('1', '-Infinity'),
  (text: string) => text.replace(/"/, '\\"'),
);

it(`${RUNS} random bodies of MLflow are read or refused`, { timeout: 30_000 + RUNS * 10 }, () => {
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(fc.oneof(scoring, soundScoring), damaged, (body, damage) => {
      const text = damage(JSON.stringify(body));
      outcomes.add(
        attempt(
          () =>
            readScoringRequest(parseJson(text, { pythonNumbers: true }), wanted, Object.keys(specs)).table,
        ),
      );
    }),
    { numRuns: RUNS },
  );
  expect([...outcomes].sort()).toEqual(['read', 'refused']);
});

it(`${RUNS} random texts of CSV are read or refused`, { timeout: 30_000 + RUNS * 10 }, () => {
  const cell = fc.oneof(
    name,
    fc.constantFrom('', '"', '""', '1', '\n', '\r', ',', 'nan', '1e999', 'true'),
    fc.string(),
  );
  const table = fc.oneof(
    fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 4 }),
    fc
      .array(fc.constantFrom('1', '', '2.5'), { minLength: 1, maxLength: 4 })
      .map((cells) => [['hours'], ...cells.map((each) => [each])]),
  );
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(table, (rows) => {
      const text = rows.map((row) => row.join(',')).join('\n');
      outcomes.add(attempt(() => readCsv(text, { inputs, keys: ['user_id'] })));
    }),
    { numRuns: RUNS },
  );
  expect([...outcomes].sort()).toEqual(['read', 'refused']);
});

it(`${RUNS} random bodies of Open Inference are read or refused`, { timeout: 30_000 + RUNS * 10 }, () => {
  const outcomes = new Set<string>();
  const length = fc.constantFrom(
    (json: Buffer) => String(json.length),
    (json: Buffer) => String(json.length),
    () => undefined,
    () => '7',
    () => '-1',
    () => '99999999999',
  );
  fc.assert(
    fc.property(
      inference,
      damaged,
      length,
      fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 60 })),
      (body, damage, of, bytes) => {
        const json = Buffer.from(damage(JSON.stringify(body)));
        outcomes.add(
          attempt(() => readInference(splitBody(Buffer.concat([json, bytes]), of(json)), wanted).table),
        );
      },
    ),
    { numRuns: RUNS },
  );
  expect([...outcomes].sort()).toEqual(['read', 'refused']);
});
