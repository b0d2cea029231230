// Tests that each injected fault is found and named, and that drift and unchanged data are not reported as faults.
import { describe, expect, test } from 'vitest';
import { findFaults, judgeWindow } from '../../../domain/quality/judge-window.ts';
import { isDefaultNumber, isDefaultText } from '../../../domain/quality/default-filled.ts';
import { frameOf, normals, randomOf } from '../drift/frame-of.ts';
import { type Columns, definitionOf, factsOf, faults, inShort, passOver } from './facts-of.ts';

/** Positive and skewed values, for example hours. */
const hours = (rows: number, seed: number, scale = 1): Float64Array =>
  normals(rows, randomOf(seed)).map((value) => scale * Math.exp(2 + 0.6 * value));
const plans = (rows: number, seed: number): string[] => {
  const random = randomOf(seed);
  return Array.from({ length: rows }, () => ['basic', 'plus', 'pro'][Math.floor(3 * random())]!);
};
const counts = (rows: number, seed: number): Float64Array => {
  const random = randomOf(seed);
  return Float64Array.from({ length: rows }, () => Math.floor(-2 * Math.log(1 - random())));
};

const ROWS = 2_000;
const before: Columns = {
  hours: hours(ROWS, 1),
  balance: normals(ROWS, randomOf(2), 1),
  tickets: counts(ROWS, 3),
  plan: plans(ROWS, 4),
};
const now = (seed: number, rows = ROWS): Columns => ({
  hours: hours(rows, seed),
  balance: normals(rows, randomOf(seed + 1), 1),
  tickets: counts(rows, seed + 2),
  plan: plans(rows, seed + 3),
});
const found = (change: Columns, more = {}): string[] =>
  inShort(faults(before, { ...now(50), ...change }, more));

describe('nothing is found', () => {
  test('in unchanged windows of any size', () => {
    for (const rows of [30, 100, 300, 1_000, 5_000]) {
      for (let seed = 100; seed < 110; seed += 1) {
        expect(inShort(faults(before, now(10 * seed, rows))), `${rows} rows, seed ${seed}`).toEqual([]);
      }
    }
  });

  test('in columns that only drift: halved, up by half, doubled, tripled, five times as large, or shifted', () => {
    for (const factor of [0.5, 1.5, 2, 3, 5]) {
      expect(found({ hours: hours(ROWS, 50, factor) }), `${factor}`).toEqual([]);
    }
    expect(found({ balance: normals(ROWS, randomOf(51), 3) })).toEqual([]);
    expect(found({ plan: plans(ROWS, 5).map((plan, row) => (row % 3 === 0 ? 'pro' : plan)) })).toEqual([]);
  });

  test('in windows that are too small to compare', () => {
    expect(inShort(faults(before, { ...now(9, 29), hours: hours(29, 9, 1_000) }))).toEqual([]);
  });

  test('without a champion, tables and a previous window', () => {
    expect(findFaults(factsOf(null, frameOf(now(7))))).toEqual([]);
  });

  test('in a window without rows', () => {
    const nothing = new Float64Array();
    expect(faults(before, { hours: nothing, balance: nothing, tickets: nothing, plan: [] })).toEqual([]);
  });
});

describe('a change of unit', () => {
  test.each([10, 60, 100, 1_000, 1 / 10, 1 / 60, 1 / 100, 1 / 1_000])(
    'by the factor %d is found with that factor',
    (factor) => {
      const [finding, ...others] = faults(before, { ...now(50), hours: hours(ROWS, 50, factor) });
      expect(others).toEqual([]);
      expect(finding).toMatchObject({
        name: 'unit-changed',
        column: 'hours',
        severity: 'warn',
        violation: 'baseline_drift_check',
      });
      expect(finding?.evidence['factor']).toBeCloseTo(factor, 9);
      expect(finding?.words).toContain('are distributed as if multiplied by');
    },
  );

  test('is found in a column with zeros, and in a small window', () => {
    const scaled = counts(ROWS, 52).map((value) => 60 * value);
    expect(found({ tickets: scaled })).toEqual(['warn unit-changed tickets']);
    expect(inShort(faults(before, { ...now(9, 60), hours: hours(60, 9, 100) }))).toEqual([
      'warn unit-changed hours',
    ]);
  });
});

describe('a change of sign', () => {
  test('is found', () => {
    const [finding] = faults(before, { ...now(50), hours: hours(ROWS, 50, -1) });
    expect(finding).toMatchObject({ name: 'sign-flipped', column: 'hours', severity: 'warn' });
    expect(Number(finding?.evidence['medianNow'])).toBeLessThan(0);
  });

  test('is not reported for values that are symmetric about 0', () => {
    const even = normals(ROWS, randomOf(8));
    expect(inShort(faults({ x: even }, { x: normals(ROWS, randomOf(9)).map((value) => -value) }))).toEqual(
      [],
    );
  });
});

describe('a value that replaces others', () => {
  const filled = (value: number, every: number) =>
    hours(ROWS, 50).map((one, row) => (row % every === 0 ? value : one));

  test.each([0, -1, 999, -999, 99_999])('is found if it usually means "missing": %d', (value) => {
    const [finding] = faults(before, { ...now(50), hours: filled(value, 3) });
    expect(finding).toMatchObject({ name: 'default-filled', column: 'hours', severity: 'warn' });
    expect(finding?.evidence).toMatchObject({ value, referenceShare: 0 });
    expect(finding?.evidence['share']).toBeCloseTo(1 / 3, 1);
  });

  test('is found among numbers that hardly ever repeat, even if it is an ordinary number', () => {
    expect(found({ hours: filled(7.25, 4) })).toEqual(['warn default-filled hours']);
  });

  test('is found if it is a text that means "missing", but not if it is a known category', () => {
    const fill = (text: string) => plans(ROWS, 5).map((plan, row) => (row % 3 === 0 ? text : plan));
    expect(found({ plan: fill('unknown') })).toEqual(['warn default-filled plan']);
    expect(found({ plan: fill('basic') })).toEqual([]);
  });

  test('is not reported if it replaces only a few rows', () => {
    expect(found({ hours: filled(0, 20) })).toEqual([]);
  });

  test('is recognised by the values that programs write for "missing"', () => {
    expect([0, -1, 99, -9_999, 999.99, 2 ** 31 - 1, 65_535].every(isDefaultNumber)).toBe(true);
    expect([1, 9, 98, 42, 0.5].some(isDefaultNumber)).toBe(false);
    expect(['', ' N/A ', 'Unknown', 'NULL', '?'].every(isDefaultText)).toBe(true);
    expect(['Fiber optic', 'no', 'basic'].some(isDefaultText)).toBe(false);
  });
});

describe('a column of one value', () => {
  test('is a warning that names the value, if the column used to have other values', () => {
    const [finding] = faults(before, { ...now(50), tickets: new Float64Array(ROWS).fill(3) });
    expect(finding).toMatchObject({
      name: 'constant-column',
      column: 'tickets',
      severity: 'warn',
      evidence: { value: '3', rows: ROWS },
    });
    expect(found({ plan: new Array<string>(ROWS).fill('pro') })).toEqual(['warn constant-column plan']);
  });

  test('is information if it was constant in the reference too', () => {
    const ones = new Float64Array(ROWS).fill(1);
    expect(inShort(faults({ ...before, one: ones }, { ...now(50), one: ones }))).toEqual([
      'info constant-column one',
    ]);
  });

  test('is not reported if the reference has hardly any other values, or in fewer than 30 rows', () => {
    const rare = Float64Array.from({ length: ROWS }, (_, row) => Number(row === 0));
    expect(inShort(faults({ rare }, { rare: new Float64Array(100) }))).toEqual([]);
    expect(inShort(faults(before, { ...now(50, 29), tickets: new Float64Array(29) }))).toEqual([]);
  });
});

describe('missing values', () => {
  test('in every row are a warning, or information if the reference has no values either', () => {
    const none = new Float64Array(ROWS).fill(NaN);
    expect(found({ hours: none })).toEqual(['warn all-missing hours']);
    expect(found({ plan: new Array<null>(ROWS).fill(null) })).toEqual(['warn all-missing plan']);
    expect(inShort(faults({ none }, { none }))).toEqual(['info all-missing none']);
  });

  test('in every row of a small window are not reported if the column is mostly missing', () => {
    const sparse = Float64Array.from({ length: ROWS }, (_, row) => (row % 50 === 0 ? row : NaN));
    expect(inShort(faults({ sparse }, { sparse: new Float64Array(30).fill(NaN) }))).toEqual([]);
  });
});

describe('columns', () => {
  const { hours: gone, ...left } = before;

  test('that vanished or changed their type are warnings, and new ones are information', () => {
    expect(inShort(faults(before, left))).toEqual(['warn vanished-column hours']);
    expect(inShort(faults(left, { ...left, hours: gone! }))).toEqual(['info extra-column hours']);
    expect(found({ plan: hours(ROWS, 5) })).toEqual(['warn type-changed plan']);
    expect(found({ hours: plans(ROWS, 5) })).toEqual(['warn type-changed hours']);
  });

  test('that vanished because the definition changed are information', () => {
    expect(inShort(faults(before, left, { definitionChanged: true }))).toEqual([
      'info vanished-column hours',
    ]);
  });
});

describe('rows', () => {
  const table = {
    table: 'users',
    isSpine: true,
    newest: new Date('2024-01-31Z'),
    newRows: 100,
    rowsBefore: 100,
  };

  test('that occur twice are reported for each table', () => {
    const tables = [
      { ...table, windowRows: 1_000, repeatedRows: 1 },
      { ...table, table: 'usage', isSpine: false, windowRows: 10_000, repeatedRows: 1 },
    ];
    expect(inShort(findFaults(factsOf(null, frameOf(now(5)), { tables })))).toEqual([
      'warn duplicate-entities -',
      'info duplicate-rows -',
    ]);
  });

  test('that stop or nearly stop arriving in a table are reported', () => {
    const stale = (more: object) =>
      inShort(
        findFaults(
          factsOf(null, frameOf(now(5)), {
            tables: [{ ...table, windowRows: 100, repeatedRows: 0, ...more }],
          }),
        ),
      );
    expect(stale({ newRows: 0 })).toEqual(['warn stale-table -']);
    expect(stale({ newRows: 9 })).toEqual(['warn stale-table -']);
    expect(stale({ newRows: 10 })).toEqual([]);
    expect(stale({ newRows: 2, rowsBefore: 29 })).toEqual([]);
    expect(stale({ newRows: 0, rowsBefore: 0, newest: null })).toEqual(['info stale-table -']);
  });

  test('that are identical are information in the first window, and a warning if their share rose', () => {
    const random = randomOf(3);
    const fine = { x: normals(ROWS, random), y: normals(ROWS, random) };
    const copied = {
      x: fine.x.map((_, row) => fine.x[row % 1_500]!),
      y: fine.y.map((_, row) => fine.y[row % 1_500]!),
    };
    expect(inShort(faults(fine, copied))).toEqual(['info identical-rows -']);
    const previous = { same: new Set<string>(), sameBefore: null, repeats: { values: 2_000, repeats: 0 } };
    const [finding] = faults(fine, copied, { previous });
    expect(finding).toMatchObject({
      name: 'identical-rows',
      severity: 'warn',
      evidence: { repeated: 500, share: 0.25 },
    });
    const asBefore = { ...previous, repeats: { values: 2_000, repeats: 480 } };
    expect(inShort(faults(fine, copied, { previous: asBefore }))).toEqual([]);
    // Rows that consist of one small count repeat each other by chance.
    expect(inShort(faults({ n: counts(ROWS, 1) }, { n: counts(ROWS, 2) }))).toEqual([]);
  });

  test('of small whole numbers in many columns are not mistaken for identical ones', () => {
    const random = randomOf(5);
    const digits = Object.fromEntries(
      Array.from({ length: 12 }, (_, at) => [
        `c${at}`,
        Float64Array.from({ length: 50_000 }, () => Math.floor(16 * random())),
      ]),
    );
    expect(factsOf(null, frameOf(digits)).repeats).toEqual({ values: 50_000, repeats: 0 });
  });
});

test('reports features that did not change since the previous window, unless they never change', () => {
  const previous = {
    same: new Set(['hours', 'tickets', 'plan']),
    sameBefore: new Set(['plan']),
    repeats: null,
  };
  const [finding, ...others] = faults(before, now(50), { previous });
  expect(others).toEqual([]);
  expect(finding).toMatchObject({
    name: 'unchanged-columns',
    column: null,
    table: 'usage',
    words: 'all 2000 rows have the same values as in the previous window in hours, tickets',
  });
  expect(inShort(faults(before, now(50), { previous: { ...previous, sameBefore: null } }))).toEqual([]);
});

test('reports only the most fundamental finding of a column, and warnings first', () => {
  const one = new Float64Array(ROWS).fill(1);
  const findings = inShort(
    faults({ ...before, one }, { ...now(50), one, hours: new Float64Array(ROWS), extra: one }),
  );
  expect(findings).toEqual([
    'warn constant-column hours',
    'info extra-column extra',
    'info constant-column one',
  ]);
});

test('judges contracts and searches for faults with the counts of one pass', () => {
  const reference = frameOf(before);
  const window = frameOf({ ...now(50), hours: new Float64Array(ROWS).fill(Infinity) });
  const sample = definitionOf(window);
  const definition = {
    ...sample,
    features: sample.features.map((view) => ({
      ...view,
      freshness: { within: '2 days', severity: 'fail' } as const,
    })),
  };
  const pass = passOver(window, definition);
  const { tables, previous, definitionChanged, reference: frozen } = factsOf(reference, window);
  const end = new Date('2024-01-31Z');
  const { contracts, findings } = judgeWindow({
    definition,
    end,
    pass,
    reference: frozen && { ...frozen, columns: frozen.columns.filter(({ name }) => name !== 'plan') },
    tables,
    previous,
    definitionChanged,
    future: {
      rows: [{ table: 'usage', column: 'at', rows: 1, isMore: false, newest: new Date('2030-01-01Z') }],
      online: [3],
    },
  });
  expect(contracts.map(({ kind, column, rows, violations }) => [kind, column, rows, violations])).toEqual([
    ['type', 'hours', ROWS, ROWS],
    ['type', 'balance', ROWS, 0],
    ['type', 'tickets', ROWS, 0],
    ['freshness', null, 1, 1],
  ]);
  expect(contracts[0]?.examples[1]).toEqual({
    value: 'Infinity',
    key: '["1"]',
    at: '1970-01-01T00:00:00.000Z',
  });
  expect(inShort(findings)).toEqual([
    'warn future-rows -',
    'warn online-rows-ahead -',
    'info extra-column plan',
  ]);
});
