// Types inferred from the values of a file, and the statement that creates a table with them.
import { describe, expect, it } from 'vitest';
import { ColumnInference } from '../../../store/import/infer-column.ts';
import { createTableSql } from '../../../store/import/plan-tables.ts';

function inference(...values: readonly string[]): ColumnInference {
  const column = new ColumnInference();
  values.forEach((value, index) => column.add(value, index + 2));
  return column;
}

describe('the type of a column', () => {
  it.each<[string, readonly string[]]>([
    ['bigint', ['0', '-7', '9223372036854775807']],
    ['numeric', ['1', '2.50', '-.5', '1e-05', '1.5E+20']],
    ['boolean', ['true', 'False', 'TRUE']],
    ['date', ['2024-02-29', 'infinity']],
    ['timestamptz', ['2024-02-29', '2024-02-29 10:00:00', '2024-02-29T10:00:00.5+05:30']],
    ['text', ['01067', '1']],
    ['text', ['1', '007']],
    ['text', ['+49']],
    ['text', ['12E4', '13E5']],
    ['text', ['9223372036854775808']],
    ['text', ['00.5']],
    ['text', ['NaN']],
    ['text', ['infinity']],
    ['text', ['2024-02-30']],
    ['text', ['13/1/2024']],
    ['text', ['true', '1']],
    ['text', ['2024-02-29', '7']],
    ['text', ['yes', 'no']],
    ['text', []],
  ])('is %s for %j', (type, values) => {
    expect(inference(...values).type).toBe(type);
  });

  it('is text because of the first value that does not fit the type of those before it', () => {
    expect(inference('1', '2.5', 'N/A', '4', '?').textBecause).toEqual({
      value: 'N/A',
      at: 4,
      before: 'numeric',
    });
    expect(inference('basic', '1').textBecause).toBeUndefined();
  });
});

it('creates a table with keys, values and times, with every name quoted', () => {
  const statement = createTableSql(
    { schema: 'crm', table: 'Log "in"', timestamp: 'as_of', known: 'loaded_at' },
    [
      { name: 'user id', type: 'text' },
      { name: 'order', type: 'bigint' },
      { name: 'fee', type: 'numeric' },
    ],
    ['order', 'user id'],
  );
  expect(statement).toBe(`create table "crm"."Log ""in""" (
  "user id" text not null,
  "order" bigint not null,
  "fee" numeric,
  "as_of" timestamptz not null,
  "loaded_at" timestamptz not null,
  primary key ("order", "user id", "as_of", "loaded_at")
)`);
});
