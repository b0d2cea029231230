// Summaries of category columns, compared with the exact counts of the values.
import { describe, expect, test } from 'vitest';
import { TextSummariser } from '../../../../domain/data/stats/text-summary.ts';

const summaryOf = (values: Iterable<string | null>) => {
  const summariser = new TextSummariser();
  for (const value of values) summariser.add(value);
  return summariser.summary();
};

describe('a summary', () => {
  test('lists the most common values of any text, ties in text order', () => {
    const values = ['__proto__', 'constructor', '🙂', '🙂', null, "it's", '', '__proto__', 'a', '"'];
    expect(summaryOf(values)).toEqual({
      rows: 10,
      missing: 1,
      distinct: 7,
      top: [
        { value: '__proto__', count: 2 },
        { value: '🙂', count: 2 },
        { value: '', count: 1 },
        { value: '"', count: 1 },
        { value: 'a', count: 1 },
      ],
      error: 0,
    });
  });

  test('is exact for 10,000 distinct values', () => {
    const values = Array.from({ length: 30_000 }, (_, row) => `v${row % 10_000}`);
    expect(summaryOf([...values, 'v7'])).toMatchObject({
      distinct: 10_000,
      top: [{ value: 'v7', count: 4 }, {}, {}, {}, {}],
      error: 0,
    });
  });

  test('of more distinct values than it can count still finds the common ones and returns the maximum error', () => {
    function* rows() {
      for (let row = 0; row < 300_000; row += 1) yield row % 3 === 0 ? 'common' : `rare${row}`;
    }
    const { distinct, top, error, rows: counted } = summaryOf(rows());
    expect([distinct, counted]).toEqual([null, 300_000]);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThanOrEqual(300_000 / 20_000);
    expect(top[0]?.value).toBe('common');
    expect(top[0]?.count).toBeLessThanOrEqual(100_000);
    expect(top[0]?.count).toBeGreaterThanOrEqual(100_000 - error);
  });

  test('of an empty column is empty', () => {
    expect(summaryOf([])).toEqual({ rows: 0, missing: 0, distinct: 0, top: [], error: 0 });
  });
});
