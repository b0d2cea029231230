// The demo's data: the same bytes for a seed, plausible values, one drifted feature, and a changed relation to churn.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateMonth } from '../../../../cli/commands/demo/streamflow/generate-month.ts';
import { freezeReference } from '../../../../domain/data/profile/feature-reference.ts';
import { type DriftVerdict, judgeWindow } from '../../../../domain/drift/verdict.ts';
import { profileWindow } from '../../../../domain/data/profile/window-profile.ts';
import { type Artifact } from '../../../../domain/learning/artifact/artifact.ts';
import { compare } from '../../../../domain/learning/compare/comparison.ts';
import { logisticRegression } from '../../../../domain/learning/logistic-regression.ts';
import { evaluationRows, trainingRows } from '../../../../domain/data/frame.ts';
import { scoreRows } from '../../../../domain/learning/artifact/score.ts';
import { type MonthCells, frameOf, readMonth } from './read-month.ts';

const seed = 2026;
/** Digest of month 1 of seed 7 with 500 users. If it changes, the generator and so every demo's output has changed. */
const pinned = '4c2f20a85d735696cd557a8b198b576729740edd257aca9b5d8eb1d694c0f336';
let root: string;
let month0: MonthCells;
let month1: MonthCells;

const generated = async (
  name: string,
  request: { seed: number; month: 0 | 1; users?: number },
): Promise<string> => {
  const folder = path.join(root, name);
  await generateMonth({ folder, ...request });
  return folder;
};

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'tidegate-streamflow-'));
  month0 = readMonth(await generated('0', { seed, month: 0 }));
  month1 = readMonth(await generated('1', { seed, month: 1 }));
});
afterAll(() => rm(root, { recursive: true }));

async function digestOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(folder)).sort())
    hash.update(name).update(await readFile(path.join(folder, name)));
  return hash.digest('hex');
}

describe('the files', () => {
  it('have the same bytes for a seed on every machine', async () => {
    const digest = await digestOf(await generated('again', { seed: 7, month: 1, users: 500 }));
    expect(digest).toBe(pinned);
  });

  it('differ for another seed', async () => {
    const digest = await digestOf(await generated('other', { seed: 8, month: 1, users: 500 }));
    expect(digest).not.toBe(pinned);
  });

  it('begin with the same users for any number of users', async () => {
    const few = await generated('few', { seed, month: 0, users: 40 });
    for (const name of await readdir(few)) {
      const all = await readFile(path.join(root, '0', name), 'utf8');
      const first = await readFile(path.join(few, name), 'utf8');
      expect(first.split('\n')).toHaveLength(42);
      expect(all.startsWith(first)).toBe(true);
    }
  });

  it('have a line for each of the 7,000 users, with invented ids', () => {
    const users = month0.get('user_id')!;
    expect(new Set(users).size).toBe(7_000);
    expect(users.filter((user) => !/^sf-\d{7}$/.test(user))).toEqual([]);
  });
});

/** Inclusive bounds of the numbers: those of the recorded months, or slightly wider. */
const ranges: Readonly<Record<string, readonly [low: number, high: number, whole: boolean]>> = {
  watch_hours_30d: [1, 60, false],
  avg_session_mins_7d: [5, 60, false],
  unique_devices_30d: [1, 3, true],
  skips_7d: [0, 20, true],
  rebuffer_events_7d: [0, 15, true],
  months_active: [0, 72, true],
  monthly_fee: [18.25, 118.75, false],
  total_paid: [0, 9_500, false],
  failed_payments_90d: [0, 5, true],
  support_tickets_90d: [0, 6, true],
  ticket_avg_resolution_hrs_90d: [1, 25, false],
};

/** The values of the other columns; an empty text is a missing value. */
const sets: Readonly<Record<string, readonly string[]>> = {
  user_gender: ['Female', 'Male'],
  user_is_senior: ['False', 'True'],
  has_family: ['False', 'True'],
  has_dependents: ['False', 'True'],
  plan_stream_tv: ['', 'False', 'True'],
  plan_stream_movies: ['', 'False', 'True'],
  contract_type: ['Month-to-month', 'One year', 'Two year'],
  paperless_billing: ['False', 'True'],
  net_service: ['DSL', 'Fiber optic', 'No'],
  churn_label: ['False', 'True'],
};

describe('the values', () => {
  it('cover the columns of the example', () => {
    expect([...month0.keys()].sort()).toEqual(
      ['user_id', 'signup_date', ...Object.keys(ranges), ...Object.keys(sets)].sort(),
    );
  });

  it.each(Object.entries(ranges))('of %s are within their range and vary', (name, [low, high, whole]) => {
    for (const month of [month0, month1]) {
      const cells = month.get(name)!;
      const outside = cells.filter((cell) => cell === '' || !(Number(cell) >= low && Number(cell) <= high));
      expect(outside).toEqual([]);
      expect(new Set(cells).size).toBeGreaterThan(2);
      if (whole) expect(cells.filter((cell) => !/^\d+$/.test(cell))).toEqual([]);
    }
  });

  it.each(Object.entries(sets))('of %s are from its set, and each of them occurs', (name, values) => {
    for (const month of [month0, month1]) expect([...new Set(month.get(name))].sort()).toEqual(values);
  });

  it('of the plans are missing exactly for users without an internet line', () => {
    for (const cells of [month0, month1]) {
      cells.get('net_service')!.forEach((service, row) => {
        expect(cells.get('plan_stream_tv')![row] === '').toBe(service === 'No');
        expect(cells.get('plan_stream_movies')![row] === '').toBe(service === 'No');
      });
    }
  });

  it('follow the same users into the second month', () => {
    const kept = [
      'user_id',
      'signup_date',
      'user_gender',
      'contract_type',
      'monthly_fee',
      'net_service',
      'plan_stream_tv',
    ];
    for (const name of kept) expect(month1.get(name)).toEqual(month0.get(name));
    const months = month0.get('months_active')!.map((cell) => String(Number(cell) + 1));
    expect(month1.get('months_active')).toEqual(months);
  });

  it('include users of every tenure from the first month on', () => {
    const dates = month0.get('signup_date')!;
    month0.get('months_active')!.forEach((tenure, row) => {
      const [year, month] = dates[row]!.split('-').map(Number);
      expect((2026 - year!) * 12 + (8 - month!)).toBe(Number(tenure));
    });
  });
});

/** The product's own drift verdict on a month, with another month as reference. */
function verdictOn(current: MonthCells, reference: MonthCells): DriftVerdict {
  const frozen = freezeReference(frameOf(reference));
  return judgeWindow(frozen, profileWindow(frozen, frameOf(current)), { share: 0.05 });
}

describe('between the months', () => {
  it('exactly one of the 14 features drifts', () => {
    const { columns, driftedColumns, drifted } = verdictOn(month1, month0);
    expect(columns).toHaveLength(14);
    expect(driftedColumns).toEqual(['rebuffer_events_7d']);
    expect(drifted).toBe(true);
    const effect = columns.find(({ column }) => column === 'rebuffer_events_7d')?.signals[0]?.effectSize;
    expect(effect).toBeGreaterThan(0.2);
    expect(effect).toBeLessThan(0.4);
  });

  it('nothing drifts between two draws of the same month', async () => {
    const other = readMonth(await generated('elsewhere', { seed: seed + 1, month: 0 }));
    expect(verdictOn(other, month0).driftedColumns).toEqual([]);
  });

  it('the churn rate stays about the same', () => {
    for (const month of [month0, month1]) {
      const left = month.get('churn_label')!.filter((label) => label === 'True');
      expect(left.length / 7_000).toBeGreaterThan(0.22);
      expect(left.length / 7_000).toBeLessThan(0.29);
    }
  });
});

describe('a logistic regression', () => {
  const fittedOn = (month: MonthCells): Artifact => {
    const frame = frameOf(month);
    return logisticRegression.fit({ frame, rows: trainingRows(frame), options: { seed: 7 } });
  };
  /** Both on the holdout of a month. */
  const comparisonOn = (month: MonthCells, champion: Artifact, candidate: Artifact) => {
    const frame = frameOf(month);
    const rows = evaluationRows(frame);
    return compare({
      labels: rows.map((row) => frame.labels[row]!),
      clusters: rows.map((row) => frame.clusters[row]!),
      championScores: scoreRows(champion, frame, rows),
      candidateScores: scoreRows(candidate, frame, rows),
    });
  };

  it('of month 0 is good there and hardly better than chance on month 1, where a model of month 1 clearly beats it', () => {
    const champion = fittedOn(month0);
    const candidate = fittedOn(month1);
    const before = comparisonOn(month0, champion, candidate).champion.auc.value;
    const after = comparisonOn(month1, champion, candidate);
    expect(before).toBeGreaterThan(0.8);
    expect(before).toBeLessThan(0.85);
    expect(after.champion.auc.value).toBeGreaterThan(0.5);
    expect(after.champion.auc.value).toBeLessThan(0.6);
    expect(after.candidate.auc.value).toBeGreaterThan(0.7);
    expect(after.candidate.auc.value).toBeLessThan(0.78);
    expect(after.difference.low).toBeGreaterThan(0.1);
    expect(after.difference.p).toBeLessThan(1e-6);
  });
});
