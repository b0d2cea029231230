// Quality on real tables: contracts on frozen rows, and checks of the source tables.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Activities, createActivities } from '../../activities/index.ts';
import { category, numeric } from '../../domain/model/parts/column.ts';
import { type ViewInput } from '../../domain/model/definition.ts';
import { type QualityPart, qualityPartSchema } from '../../domain/quality/quality-part.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { getReport, type Report } from '../../store/registry/reports.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type SampleModel, sampleModel } from '../helpers/sample-model.ts';

let database: MigratedDatabase;
let activities: Activities;

beforeAll(async () => {
  database = await migratedDatabase();
  activities = createActivities({ database, client: {} as Client, taskQueue: 'none' });
});
afterAll(() => database.drop());

/** Freezes each window in a separate run. */
const run = <T>(runId: string, step: () => Promise<T>): Promise<T> =>
  new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'monitor/test', runId } },
    { logger: new DefaultLogger('ERROR') },
  ).run<[], T, () => Promise<T>>(step);

async function checked(
  model: string,
  asOf: string,
): Promise<{ stops: boolean; words: string; report: Report }> {
  const runId = `${model}/${asOf}`;
  const { reportId } = await run(runId, () => activities.freezeWindow({ model, asOf }));
  const { stops, words } = await run(runId, () => activities.checkQuality({ reportId }));
  return { stops, words, report: await getReport(database, reportId) };
}

async function appliedSample(name: string, view: Partial<ViewInput> = {}): Promise<SampleModel> {
  const sample = await sampleModel(database, name, { view });
  await applyDefinition(database, sample.definition, 'ada');
  return sample;
}

const users = (count: number, at: string, more: (user: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, user) => ({ user_id: `u${user}`, at, ...more(user) }));

const findings = (part: QualityPart | null) =>
  part?.findings.map(({ name, table, severity }) => [severity, name, table]);

test('a broken contract of severity fail stops the loop, and the report says why, with the offending rows', async () => {
  const sample = await appliedSample('stopped', {
    columns: { hours: numeric({ min: 0, severity: 'fail' }), plan: category(['a', 'b']) },
  });
  await sample.insert('spine', ...users(40, '2024-01-31Z'));
  await sample.insert('usage', ...users(40, '2024-01-31Z', (user) => ({ hours: user - 2, plan: 'c' })));
  const { stops, words, report } = await checked('stopped', '2024-01-31T00:00:00Z');
  expect(stops).toBe(true);
  expect(words).toMatch(
    /^quality: 2 of 3 contracts are broken: range of hours: 2 of 40 values \(5 %\) are below 0/,
  );
  expect(qualityPartSchema.parse(report.quality)).toEqual(report.quality);
  expect(report.quality?.contracts).toMatchObject([
    { kind: 'type', column: 'hours', held: true },
    {
      kind: 'range',
      column: 'hours',
      table: 'stopped.usage',
      held: false,
      severity: 'fail',
      violations: 2,
      examples: [
        { value: '-2', key: '["u0", "eu"]', at: '2024-01-31T00:00:00.000Z' },
        { value: '-1', key: '["u1", "eu"]' },
      ],
    },
    { kind: 'set', column: 'plan', held: false, severity: 'warn', violations: 40 },
  ]);
  const why = { measured: false, reason: 'a contract that stops the loop is broken: range of hours' };
  expect(report).toMatchObject({ drift: why, performance: why });

  const decision = await run('decide', () => activities.decideRetrain({ reportId: report.id }));
  expect(decision).toMatchObject({ retrain: false, outcome: 'contract broken' });
  expect((await getReport(database, report.id)).summary).toMatch(/contract broken: .*range of hours/);
});

test('a broken contract of severity warn is reported and stops nothing', async () => {
  const sample = await appliedSample('warned', { columns: { hours: numeric({ max: 1 }), plan: category() } });
  await sample.insert('spine', ...users(3, '2024-01-31Z'));
  await sample.insert('usage', ...users(3, '2024-01-31Z', () => ({ hours: 2, plan: 'a' })));
  const { stops, report } = await checked('warned', '2024-01-31T00:00:00Z');
  expect(stops).toBe(false);
  expect(report.quality?.contracts).toMatchObject([
    { held: true },
    { kind: 'range', held: false, violations: 3 },
  ]);
  expect(report).toMatchObject({ drift: null, performance: null });
});

test('a pattern with catastrophic backtracking is stopped and not stored, and the worker continues', async () => {
  const sample = await appliedSample('runaway', {
    columns: {
      hours: numeric(),
      plan: category(undefined, { matches: '(a+)+', severity: { regex: 'fail' } }),
    },
  });
  await sample.insert('spine', ...users(1, '2024-01-31Z'));
  await sample.insert('usage', ...users(1, '2024-01-31Z', () => ({ plan: `${'a'.repeat(40)}!` })));
  const { stops, report } = await checked('runaway', '2024-01-31T00:00:00Z');
  expect(stops).toBe(true);
  expect(report.quality?.contracts[1]).toMatchObject({
    kind: 'regex',
    held: false,
    words: 'could not be checked: (a+)+ takes too long to match; write it without nested repetition',
  });
});

test('the newest row of a table that was known at the end of the window is compared with its freshness', async () => {
  const sample = await appliedSample('fresh', {
    known: 'loaded_at',
    lag: '6 hours',
    freshness: { within: '2 days', severity: 'fail' },
  });
  await sample.insert('spine', ...users(1, '2024-01-31Z'));
  const row = { user_id: 'u0', hours: 1, plan: 'a' };
  await sample.insert(
    'usage',
    { ...row, at: '2024-01-29Z', loaded_at: '2024-01-29T01:00Z' },
    // Loaded too late to count, after the end of the window.
    { ...row, at: '2024-01-30Z', loaded_at: '2024-02-09Z' },
    { ...row, at: '2024-02-05Z', loaded_at: '2024-02-05Z' },
  );
  const kept = await checked('fresh', '2024-01-31T00:00:00Z');
  expect(kept.report.quality?.contracts.at(-1)).toMatchObject({
    kind: 'freshness',
    held: true,
    words: 'the newest at is 2024-01-29T00:00:00.000Z, at most 2 days before 2024-01-31T00:00:00.000Z',
  });
  await sample.insert('spine', ...users(1, '2024-02-01Z'));
  expect(await checked('fresh', '2024-02-01T00:00:00Z')).toMatchObject({ stops: true });
});

test('a table that is no longer loaded is stale, and duplicate entity rows and table rows are reported', async () => {
  const sample = await appliedSample('faulty');
  for (const at of ['2024-01-31Z', '2024-02-29Z']) await sample.insert('spine', ...users(50, at));
  await sample.insert('usage', ...users(50, '2024-01-31Z', (user) => ({ hours: user, plan: 'a' })));
  const fine = await checked('faulty', '2024-01-31T00:00:00Z');
  expect(findings(fine.report.quality)).toEqual([]);

  await sample.insert('spine', ...users(5, '2024-02-29Z'));
  await sample.insert('usage', ...users(2, '2024-02-10Z'), ...users(1, '2024-02-10Z'));
  const faulty = await checked('faulty', '2024-02-29T00:00:00Z');
  expect(findings(faulty.report.quality)).toEqual([
    ['warn', 'stale-table', 'faulty.usage'],
    ['warn', 'duplicate-entities', 'faulty.spine'],
    ['warn', 'duplicate-rows', 'faulty.usage'],
  ]);
  expect(faulty.report.quality?.findings.map(({ evidence }) => evidence)).toMatchObject([
    { newRows: 3, rowsBefore: 50 },
    { rows: 55, repeated: 5 },
    { rows: 3, repeated: 1 },
  ]);
});

test('features that stop changing between windows are reported, and those that never change are not', async () => {
  const sample = await appliedSample('copied');
  const months = ['2024-01-31Z', '2024-02-29Z', '2024-03-31Z'];
  for (const [month, at] of months.entries()) {
    await sample.insert('spine', ...users(40, at));
    // Hours change once and are then only copied; the plan never changes.
    const hours = (user: number): number => user + Math.min(month, 1);
    await sample.insert(
      'usage',
      ...users(40, at, (user) => ({ hours: hours(user), plan: user % 2 ? 'a' : 'b' })),
    );
  }
  const found = [];
  for (const month of ['2024-01-31', '2024-02-29', '2024-03-31']) {
    found.push((await checked('copied', `${month}T00:00:00Z`)).report.quality?.findings);
  }
  expect(found).toMatchObject([
    [],
    [],
    [{ name: 'unchanged-columns', column: 'hours', table: 'copied.usage' }],
  ]);
});
