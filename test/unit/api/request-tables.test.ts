// Rows of other protocols: the JSON forms of MLflow, CSV, and the conversion of columns to the types of a definition.
import { describe, expect, it } from 'vitest';
import { readScoringRequest } from '../../../api/protocols/mlflow-json.ts';
import { fitColumns, type SentValues } from '../../../api/protocols/request-table.ts';
import { readCsv } from '../../../api/protocols/text-cells.ts';
import { parseJson } from '../../../api/plugins/json-body.ts';
import { type SourceColumn } from '../../../domain/model/define-model.ts';
import { category, count, flag, instant, numeric } from '../../../domain/model/parts/column.ts';

const specs = { hours: numeric(), tickets: count(), plan: category(), paid: flag(), since: instant() };
const inputs: readonly SourceColumn[] = Object.entries(specs).map(([name, spec]) => ({
  name,
  spec,
  view: 0,
}));
const positions = ['hours', 'plan'];
const wanted = new Set([...inputs.map(({ name }) => name), 'user_id']);
const read = (body: unknown) => readScoringRequest(body, wanted, positions);
const columns = (body: unknown) => Object.fromEntries(read(body).table.columns);

const fit = (given: Readonly<Record<string, SentValues>>, rows = 2) =>
  fitColumns(inputs, { rows, columns: new Map(Object.entries(given)) });

describe('a scoring request of MLflow', () => {
  const expected = { hours: [1, 2], plan: ['a', null] };

  it.each([
    [
      'dataframe_split, in another order and with other columns',
      {
        dataframe_split: {
          index: [7, 8],
          columns: ['plan', 'x', 'hours'],
          data: [
            ['a', 9, 1],
            [null, 9, 2],
          ],
        },
      },
    ],
    [
      'dataframe_records',
      {
        dataframe_records: [
          { hours: 1, plan: 'a', x: 9 },
          { plan: null, hours: 2 },
        ],
      },
    ],
    ['a record without one of the fields', { dataframe_records: [{ hours: 1, plan: 'a' }, { hours: 2 }] }],
    ['instances of records', { instances: [{ hours: 1, plan: 'a' }, { hours: 2 }] }],
    [
      'instances without names',
      {
        instances: [
          [1, 'a'],
          [2, null],
        ],
      },
    ],
    ['inputs by name', { inputs: { hours: [1, 2], plan: ['a', null], x: [1] } }],
    ['inputs of the shape [n, 1]', { inputs: { hours: [[1], [2]], plan: [['a'], [null]] } }],
  ])('is read from %s', (_, body) => {
    expect(columns(body)).toEqual(expected);
    expect(read(body).table.rows).toBe(2);
  });

  it('may be one row of single values, and may have no rows', () => {
    expect(columns({ inputs: { hours: 1, plan: 'a' } })).toEqual({ hours: [1], plan: ['a'] });
    expect(read({ dataframe_records: [] }).table.rows).toBe(0);
  });

  it('ignores other fields and keeps its parameters', () => {
    expect(read({ instances: [], params: { as_of: '2024-01-01' }, x: 1 }).params).toEqual({
      as_of: '2024-01-01',
    });
  });

  it.each([
    ['a list', [], 'must be an object'],
    ['no form', { params: {} }, 'none of them'],
    ['two forms', { instances: [], inputs: [] }, 'it has instances and inputs'],
    ['parameters that are a list', { instances: [], params: [] }, 'params must be an object'],
    ['no data', { dataframe_split: { columns: [] } }, 'dataframe_split.data must be a list'],
    [
      'column names of two levels',
      { dataframe_split: { columns: [['a', 'b']], data: [] } },
      'several levels of column names',
    ],
    [
      'a short row',
      { dataframe_split: { columns: ['hours', 'plan'], data: [[1]] } },
      'data.0 has 1 values, but there are 2 columns',
    ],
    [
      'the same column twice',
      { dataframe_split: { columns: ['hours', 'hours'], data: [[1, 2]] } },
      'hours appears twice',
    ],
    ['records that are lists', { dataframe_records: [[1]] }, 'dataframe_records.0 must be an object'],
    ['columns of different lengths', { inputs: { hours: [1], plan: [] } }, 'plan has 0 values'],
    ['instances of the wrong width', { instances: [[1, 2, 3]] }, 'instances.0 has 3 values'],
    ['a row too many', { instances: new Array(10_001).fill({}) }, '10001 rows, but at most 10000'],
  ])('that is %s is refused', (_, body, words) => {
    expect(() => read(body)).toThrow(words);
  });

  it('reads only the wanted columns of records, so that 10,000 rows with other names cost no memory', () => {
    const body = {
      dataframe_records: Array.from({ length: 10_000 }, (_, row) => ({ [`x${row}`]: 1, hours: row })),
    };
    expect([...read(body).table.columns.keys()]).toEqual(['hours']);
  });
});

describe('JSON that Python writes', () => {
  it('may contain NaN, which is a missing value, but not inside of texts', () => {
    const text = '{"a": [NaN, 1, "NaN \\" Infinity"], "NaN": Infinity, "b": -Infinity}';
    expect(parseJson(text, { pythonNumbers: true })).toEqual({
      a: [null, 1, 'NaN " Infinity'],
      NaN: Infinity,
      b: -Infinity,
    });
    expect(() => parseJson(text)).toThrow('not valid JSON');
    expect(() => parseJson('{"a": NaNs}', { pythonNumbers: true })).toThrow('not valid JSON');
    expect(() => parseJson('{"a": "NaN', { pythonNumbers: true })).toThrow('not valid JSON');
  });
});

describe('CSV', () => {
  const csv = (text: string) => readCsv(text, { inputs, keys: ['user_id'] });

  it('is read as pandas writes it, by the types of the columns', () => {
    const text = 'x,hours,tickets,plan,paid,user_id\r\n1,1.5,1,"a, ""b""",True,007\r\n2,,2.0,NA,0,8\r\n';
    const { rows, columns: found } = csv(text);
    expect(rows).toBe(2);
    expect(Object.fromEntries(found)).toEqual({
      hours: [1.5, null],
      tickets: [1, 2],
      plan: ['a, "b"', 'NA'],
      paid: [true, false],
      user_id: ['007', '8'],
    });
  });

  it('keeps a text that is not a number, so that it is refused with its place', () => {
    const table = csv('hours,paid\n0x10,yes\n1e400,nan\n');
    expect(Object.fromEntries(table.columns)).toEqual({ hours: ['0x10', Infinity], paid: ['yes', null] });
    expect(() => fitColumns(inputs, table)).toThrow(
      'hours.0: expected a number or null, got the text "0x10" (and 2 more)',
    );
  });

  it.each([
    ['nothing', '', 'the body is empty'],
    ['an open quote', 'hours\n"1', 'line 2 of the CSV: a quote is opened and never closed'],
    ['a short row', 'hours,plan\n1\n', 'line 2 of the CSV: it has 1 values, but the header has 2'],
    ['a column twice', 'hours,hours\n1,2\n', 'hours appears twice'],
    ['a row too many', `hours\n${'1\n'.repeat(10_001)}`, '10001 rows'],
  ])('that contains %s is refused', (_, text, words) => {
    expect(() => csv(text)).toThrow(words);
  });
});

describe('the columns of a request', () => {
  it('become typed columns in the order of the definition', () => {
    expect(
      fit({
        since: ['2024-02-29T06:00:00.000001Z', '2024-02-29 06:00:00'],
        paid: [true, 0],
        plan: ['a', NaN],
        tickets: [1n, null] as unknown[],
        hours: [1, NaN],
      }),
    ).toEqual([
      Float64Array.of(1, NaN),
      Float64Array.of(1, NaN),
      ['a', null],
      ['true', 'false'],
      Float64Array.of(1_709_186_400_000_001, 1_709_186_400_000_000),
    ]);
  });

  it('are tensors of any number type, and one of doubles is not copied', () => {
    const doubles = Float64Array.of(1.5, NaN);
    const [hours, tickets] = fit({ hours: doubles, tickets: BigInt64Array.of(1n, 2n) });
    expect(hours).toBe(doubles);
    expect(tickets).toEqual(Float64Array.of(1, 2));
    expect(fit({ hours: Float32Array.of(1.5, 2), paid: Uint8Array.of(1, 0) })).toMatchObject([
      Float64Array.of(1.5, 2),
      null,
      null,
      ['true', 'false'],
      null,
    ]);
  });

  it.each([
    ['infinity', { hours: Float64Array.of(1, Infinity) }, 'hours.1: expected a number or null, got Infinity'],
    [
      'a negative count',
      { tickets: Int8Array.of(1, -1) },
      'tickets.1: expected a whole number from 0 or null, got -1',
    ],
    ['half a ticket', { tickets: [0.5, 1] }, 'tickets.0: expected a whole number'],
    ['a number as category', { plan: [1, 'a'] }, 'plan.0: expected a text'],
    ['NUL in a category', { plan: ['a\0', 'a'] }, 'plan.0: expected a text without NUL'],
    ['a flag of 2', { paid: [2, 1] }, 'paid.0: expected true or false'],
    ['true as a number', { hours: [true, 1] }, 'hours.0: expected a number or null, got true'],
    ['an instant in words', { since: ['yesterday', null] }, 'since.0: expected a day, or an instant'],
    [
      'an instant of the 30th of February',
      { since: ['2024-02-30T00:00:00', null] },
      'since.0: expected a day',
    ],
  ])('with %s are refused with column and row', (_, given, words) => {
    expect(() => fit(given)).toThrow(words);
  });

  it('are searched for faults until 20 are found', () => {
    const table = { rows: 10_000, columns: new Map([['hours', new Array<unknown>(10_000).fill('x')]]) };
    expect(() => fitColumns(inputs, table)).toThrow('(and at least 20 more)');
  });
});
