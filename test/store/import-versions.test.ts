// What an import adds for rows that are new, changed or already known.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ImportFixture, importFiles, importFixture, january, refusalOf } from './import-fixture.ts';

let fixture: ImportFixture;
beforeAll(async () => (fixture = await importFixture()));
afterAll(() => fixture.drop());
beforeEach(() => fixture.database.pool.query('truncate public.labels, public.payments_agg_90d'));

const labels = (...lines: string[]) => ({ 'labels.csv': ['user_id,churn_label', ...lines, ''].join('\n') });

interface Version {
  readonly label: boolean | null;
  readonly asOf: string;
  readonly known: string;
}

/** The stored versions of a user, in the order in which they became known. */
async function versionsOf(user: string): Promise<Version[]> {
  const { rows } = await fixture.database.pool.query<{
    churn_label: boolean | null;
    as_of: Date;
    loaded_at: Date;
  }>('select churn_label, as_of, loaded_at from public.labels where user_id = $1 order by as_of, loaded_at', [
    user,
  ]);
  return rows.map((row) => ({
    label: row.churn_label,
    asOf: row.as_of.toISOString(),
    known: row.loaded_at.toISOString(),
  }));
}

const at = january.toISOString();

describe('importing rows', () => {
  it('stores the first version of a row as known at its as-of', async () => {
    const { tables } = await importFiles(fixture, labels('ann,True', 'bob,False'));
    expect(tables).toEqual([
      {
        table: 'labels',
        file: 'labels.csv',
        rows: 2,
        inserted: 2,
        changed: 0,
        unchanged: 0,
        assumed: null,
        asOfColumn: null,
      },
    ]);
    expect(await versionsOf('ann')).toEqual([{ label: true, asOf: at, known: at }]);
  });

  it('does nothing when the same values come again', async () => {
    await importFiles(fixture, labels('ann,True', 'bob,'));
    const { tables } = await importFiles(fixture, labels('bob,', 'ann,t'));
    expect(tables[0]).toMatchObject({ rows: 2, inserted: 0, changed: 0, unchanged: 2 });
    expect(await versionsOf('bob')).toHaveLength(1);
  });

  it('adds a change as a further version, known at the time of the database clock', async () => {
    await importFiles(fixture, labels('ann,True', 'bob,False'));
    const before = await fixture.database.pool.query<{ now: Date }>('select now()');
    const { tables } = await importFiles(fixture, labels('ann,False', 'bob,False', 'cyd,True'));
    expect(tables[0]).toMatchObject({ inserted: 1, changed: 1, unchanged: 1 });
    const [first, second, ...more] = await versionsOf('ann');
    expect(more).toEqual([]);
    expect(first).toEqual({ label: true, asOf: at, known: at });
    expect(second).toMatchObject({ label: false, asOf: at });
    expect(Date.parse(second!.known)).toBeGreaterThanOrEqual(before.rows[0]!.now.getTime());
  });

  it('distinguishes a missing value from a value', async () => {
    await importFiles(fixture, labels('ann,True'));
    await importFiles(fixture, labels('ann,'));
    await importFiles(fixture, labels('ann,True'));
    expect((await versionsOf('ann')).map(({ label }) => label)).toEqual([true, null, true]);
  });

  it('orders a change after the version it changes, even if that one is known in the future', async () => {
    const asOf = new Date('2999-01-01T00:00:00Z');
    await importFiles(fixture, labels('ann,True'), { asOf });
    await importFiles(fixture, labels('ann,False'), { asOf });
    expect((await versionsOf('ann')).map(({ label }) => label)).toEqual([true, false]);
  });

  it('stores rows of one user for different months separately', async () => {
    const february = new Date('2026-02-28T00:00:00Z');
    await importFiles(fixture, labels('ann,True'));
    const { tables } = await importFiles(fixture, labels('ann,False'), { asOf: february });
    expect(tables[0]).toMatchObject({ inserted: 1, changed: 0 });
    expect((await versionsOf('ann')).map(({ known }) => known)).toEqual([at, february.toISOString()]);
  });
});

describe('importing history with a known-at', () => {
  const ninth = new Date('2026-02-09T00:00:00Z');

  it('uses it for new rows and for changes', async () => {
    await importFiles(fixture, labels('ann,True'));
    await importFiles(fixture, labels('ann,False', 'bob,True'), { knownAt: ninth });
    expect((await versionsOf('ann')).map(({ known }) => known)).toEqual([at, ninth.toISOString()]);
    expect((await versionsOf('bob')).map(({ known }) => known)).toEqual([ninth.toISOString()]);
  });

  it('compares with what was known by then, and not with what became known later', async () => {
    await importFiles(fixture, labels('ann,True'));
    await importFiles(fixture, labels('ann,False'), { knownAt: ninth });
    const { tables } = await importFiles(fixture, labels('ann,True'), {
      knownAt: new Date('2026-02-05T00:00:00Z'),
    });
    expect(tables[0]).toMatchObject({ unchanged: 1 });
  });

  it('accepts a known-at before the as-of', async () => {
    const december = new Date('2025-12-31T00:00:00Z');
    await importFiles(fixture, labels('ann,True'), { knownAt: december });
    expect(await versionsOf('ann')).toEqual([{ label: true, asOf: at, known: december.toISOString() }]);
  });

  it('does nothing when the same values come again', async () => {
    await importFiles(fixture, labels('ann,True'), { knownAt: ninth });
    const { tables } = await importFiles(fixture, labels('ann,True'), { knownAt: ninth });
    expect(tables[0]).toMatchObject({ unchanged: 1 });
  });

  it('refuses two values known at the same instant, with the line', async () => {
    await importFiles(fixture, labels('ann,True', 'bob,True'), { knownAt: ninth });
    const refusal = await refusalOf(
      importFiles(fixture, labels('ann,True', 'bob,False'), { knownAt: ninth }),
    );
    expect(refusal.places).toEqual([
      'labels.csv:3: other values are already known at 2026-02-09T00:00:00.000Z',
    ]);
    expect(await versionsOf('bob')).toHaveLength(1);
  });
});

describe('an import', () => {
  it('keeps nothing on a dry run, but reports what it would add', async () => {
    const { tables } = await importFiles(fixture, labels('ann,True'), { dryRun: true });
    expect(tables[0]).toMatchObject({ inserted: 1 });
    expect(await versionsOf('ann')).toEqual([]);
  });

  it('adds each row once if five imports run at the same time', async () => {
    const lines = Array.from({ length: 500 }, (_, i) => `user ${i},True`);
    const results = await Promise.all(
      Array.from({ length: 5 }, () => importFiles(fixture, labels(...lines))),
    );
    const inserted = results.map(({ tables }) => tables[0]!.inserted);
    expect(inserted.sort((a, b) => a - b)).toEqual([0, 0, 0, 0, 500]);
  });

  it('reports its progress', async () => {
    const seen: number[] = [];
    const lines = Array.from({ length: 30_000 }, (_, i) => `user ${i},True`);
    await importFiles(fixture, labels(...lines), { onProgress: ({ rows }) => seen.push(rows) });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(30_000);
  });

  it('imports all files of a folder, in the order of their names', async () => {
    const { tables } = await importFiles(fixture, {
      'payments_agg_90d.csv': 'user_id,failed_payments_90d\nann,2\n',
      ...labels('ann,True'),
    });
    expect(tables.map(({ table }) => table)).toEqual(['labels', 'payments_agg_90d']);
  });
});
