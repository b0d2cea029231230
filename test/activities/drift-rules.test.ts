// Drift by Evidently's rules and of all columns together on stored rows, comparison of queries, and learnt thresholds.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type Client } from '@temporalio/client';
import {
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  type UnknownRow,
} from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Activities, createActivities } from '../../activities/index.ts';
import { readConfig } from '../../cli/shared/config.ts';
import { Output } from '../../cli/output/output.ts';
import { buildProgram } from '../../cli/program.ts';
import { type Frame } from '../../domain/data/frame.ts';
import { type DriftPart } from '../../domain/decisions/report.ts';
import { Random } from '../../domain/random.ts';
import { reportDocumentSchema } from '../../domain/decisions/report/report-document.ts';
import { documentOf, getReport } from '../../store/registry/reports.ts';
import { failureOf } from '../helpers/failures.ts';
import { frozenModel } from '../helpers/frozen-model.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;
let activities: Activities;

beforeAll(async () => {
  database = await migratedDatabase();
  activities = createActivities({ database, client: {} as Client, taskQueue: 'none' });
});
afterAll(() => database.drop());
afterEach(() => {
  process.exitCode = 0;
});

/** Makes a version's reference look as if an older Tidegate had written it. */
class OlderReference implements KyselyPlugin {
  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return node;
  }
  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    const rows = result.rows.map((row) => ('reference' in row ? { ...row, reference: { format: 1 } } : row));
    return Promise.resolve({ ...result, rows });
  }
}

/** Two correlated columns, and a label that depends on both. */
function frameOf(rows: number, correlation: number, seed: number): Frame {
  const random = new Random(seed, rows, 1);
  const a = Float64Array.from({ length: rows }, () => random.normal());
  const b = a.map((value) => correlation * value + Math.sqrt(1 - correlation ** 2) * random.normal());
  return {
    rows,
    features: [
      { kind: 'numeric', name: 'a', values: a },
      { kind: 'numeric', name: 'b', values: b },
    ],
    labels: Uint8Array.from(a, (value, row) => Number(value + (b[row] as number) + random.normal() > 0)),
    holdout: Uint8Array.from({ length: rows }, (_, row) => Number(row % 4 === 0)),
    clusters: Uint32Array.from({ length: rows }, (_, row) => row),
    times: new BigInt64Array(rows),
  };
}

const inRun = (step: () => Promise<unknown>): Promise<unknown> =>
  new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'monitor/test', runId: 'run' } },
    { logger: new DefaultLogger('ERROR') },
  ).run<[], unknown, () => Promise<unknown>>(step);

async function measure(reportId: number, by = activities): Promise<DriftPart & { measured: true }> {
  await inRun(() => by.measureDrift({ reportId }));
  const { drift } = await getReport(database, reportId);
  return drift as DriftPart & { measured: true };
}

async function tidegate(...args: string[]): Promise<string> {
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  const output = new Output({ stdout, stderr: { write: () => undefined } });
  const config = readConfig({ DATABASE_URL: database.url });
  await buildProgram({ config: () => config, output }).parseAsync(args, { from: 'user' });
  return said;
}

test("preset 'evidently' compares the champion's training rows with the rows of the window", async () => {
  const model = await frozenModel(database, 'parity', frameOf(1_200, 0.6, 1), {
    drift: { preset: 'evidently' },
  });
  const { verdict } = await measure(await model.report(frameOf(800, -0.6, 2)));
  expect(verdict).toMatchObject({
    preset: 'evidently',
    threshold: 0.5,
    drifted: false,
    referenceRows: 1_200,
  });
  expect(verdict.columns.map(({ signals }) => signals[0]?.statistic)).toEqual([
    'wasserstein_evidently',
    'wasserstein_evidently',
  ]);
});

test('multivariate drift on stored rows finds what no single column shows, if the definition asks for it', async () => {
  const drift = { multivariate: { rows: 1_000 } };
  const model = await frozenModel(database, 'together', frameOf(1_200, 0.6, 3), { drift });
  const { verdict } = await measure(await model.report(frameOf(800, -0.6, 4)));
  expect(verdict).toMatchObject({ driftedColumns: [], drifted: true });
  expect(verdict.multivariate?.auc?.low).toBeGreaterThan(0.6);
  const asked = await frozenModel(database, 'alone', frameOf(1_200, 0.6, 3));
  const alone = await measure(await asked.report(frameOf(800, -0.6, 4)));
  expect(alone.verdict).toMatchObject({ multivariate: null, drifted: false });
});

test('a reference of an older format without bins is not measured, and the report says so', async () => {
  const model = await frozenModel(database, 'older', frameOf(1_200, 0.6, 7));
  const reportId = await model.report(frameOf(800, 0.6, 8));
  const reading = { ...database, kysely: database.kysely.withPlugin(new OlderReference()) };
  const older = createActivities({ database: reading, client: {} as Client, taskQueue: 'none' });
  expect(await measure(reportId, older)).toEqual({
    measured: false,
    reason: expect.stringMatching(/has format 1; this release reads 2, 3, 4/) as string,
  });
  await inRun(() => older.checkQuality({ reportId }));
  expect((await getReport(database, reportId)).quality).toMatchObject({ comparedWith: null });
  expect(await inRun(() => older.decideRetrain({ reportId }))).toMatchObject({
    retrain: false,
    outcome: 'judgement failed',
    reason: expect.stringMatching(
      /^the judgement "drift" was due and could not be made: .* has format 1/,
    ) as string,
  });
});

test('drift calibrate says if it has too few windows, and can print JSON', async () => {
  const model = await frozenModel(database, 'learnt', frameOf(1_200, 0.6, 5));
  const answer = async () =>
    JSON.parse(await tidegate('drift', 'calibrate', 'learnt', '--json')) as {
      windows: unknown[];
      columns: { column: string; learnt: number | null; reason: string | null }[];
      lines: string[];
    };
  expect(await answer()).toMatchObject({ windows: [], columns: [], lines: [] });
  await measure(await model.report(frameOf(800, 0.6, 6)));
  const { windows, columns } = await answer();
  expect(windows).toHaveLength(1);
  expect(columns).toMatchObject([
    { column: 'a', learnt: null, reason: '1 windows, 5 are needed' },
    { column: 'b', learnt: null },
  ]);
  expect(await tidegate('drift', 'calibrate', 'learnt')).toContain('5 are needed');
});

test('drift calibrate measures past windows without a report exactly as a monitor run would', async () => {
  const model = await frozenModel(database, 'past', frameOf(1_200, 0.6, 5));
  await measure(await model.report(frameOf(800, 0.6, 6)));
  await database.pool.query(
    `insert into past.rows (user_id, at, label, a, b)
     select 'u' || i, timestamptz '2023-01-01Z' + i * interval '1 hour', i % 3 = 0, i % 7, i % 5 from generate_series(1, 5000) i`,
  );
  interface Told {
    readonly windows: readonly { readonly reportId: number | null; readonly asOf: string }[];
    readonly columns: readonly {
      readonly windows: number;
      readonly learnt: number | null;
      readonly flaggedByPresent: readonly string[];
    }[];
  }
  const told = async (...more: string[]) =>
    JSON.parse(await tidegate('drift', 'calibrate', 'past', '--json', ...more)) as Told;
  const { windows, columns } = await told('--from', '2023-01-01', '--to', '2023-07-01');
  const days = ['2024-02-01', ...[7, 6, 5, 4, 3, 2].map((month) => `2023-0${month}-01`)];
  expect(windows.map(({ asOf }) => asOf.slice(0, 10))).toEqual(days);
  expect(windows.map(({ reportId }) => reportId === null)).toEqual([false, ...days.slice(1).map(() => true)]);
  expect(columns[0]!.windows).toBe(7);
  expect(columns[0]!.flaggedByPresent.length).toBeGreaterThan(0);
  expect(columns[0]!.learnt).toBeGreaterThan(0);
  // The newest windows that are entirely in the range, and none if a range has no rows.
  const some = await told(
    '--from',
    '2023-01-15',
    '--to',
    '2023-07-01',
    '--every',
    '7 days',
    '--windows',
    '4',
  );
  expect(some.windows.map(({ asOf }) => asOf.slice(0, 10))).toEqual([
    '2024-02-01',
    '2023-07-01',
    '2023-06-24',
    '2023-06-17',
  ]);
  expect((await told('--from', '2020-01-01', '--to', '2020-07-01')).windows).toHaveLength(1);
  expect((await told()).windows).toHaveLength(1);
});

test('two queries are compared, on the database of the settings or on a named one', async () => {
  const rows = (shift: number) =>
    `select i as id, (i * 7919 % 500) / 50.0 + ${shift} as fee, case when i % 5 = 0 then null else 'v' || i % 3 end as kind
     from generate_series(1, 900) i`;
  const args = ['--reference-sql', rows(0), '--current-sql', rows(4), '--key', 'id', '--json'];
  const answer = JSON.parse(
    await tidegate('drift', ...args, '--database', database.url, '--fail-on-drift'),
  ) as {
    verdict: { driftedColumns: string[]; referenceRows: number };
  };
  expect(answer.verdict).toMatchObject({ driftedColumns: ['fee'], referenceRows: 900 });
  expect(process.exitCode).toBe(3);
  expect(JSON.parse(await tidegate('drift', ...args))).toMatchObject(answer);
});

test('the current rows of a query are counted in SQL and not read if rows are not needed, with the same verdict', async () => {
  const sql = (shift: number, type: string) =>
    `select i as id, ((i * 7919 % 500) / 50.0 + ${shift})::${type} as fee, i % 2 = 0 as paid, date '2024-01-01' + i % 3 as day
     from generate_series(1, 900) i`;
  interface Told {
    readonly current: { readonly rows: number };
    readonly onlyInCurrent: readonly string[];
    readonly verdict: { readonly columns: readonly unknown[]; readonly driftedColumns: readonly string[] };
  }
  const told = async (...more: string[]) => {
    const sides = ['--reference-sql', sql(0, 'numeric'), '--current-sql', ...more];
    return JSON.parse(await tidegate('drift', ...sides, '--key', 'id', '--json')) as Told;
  };
  const read = await told(sql(4, 'float4'));
  const counted = await told(sql(4, 'float4'), '--no-multivariate');
  expect(counted.verdict.driftedColumns).toEqual(['fee']);
  expect(counted.current).toEqual(read.current);
  expect(counted.onlyInCurrent).toEqual([]);
  expect(counted.verdict.columns).toHaveLength(3);
  // Numbers in a text column are only found by reading them, because the type does not show it.
  const asText = await told(sql(4, 'text'), '--no-multivariate');
  const words = ({ verdict }: Told) => verdict.columns.map((column) => (column as { words: string }).words);
  expect(words(asText)).toEqual(words(counted));
});

test('a query that Postgres refuses is reported, and no query can write', async () => {
  const ask = (sql: string) =>
    failureOf(tidegate('drift', '--reference-sql', sql, '--current-sql', 'select 1 as x'));
  expect(await ask('select nothing')).toMatchObject({ code: 'UNREADABLE_TABLE' });
  expect(await ask(`select nextval(pg_get_serial_sequence('tidegate.report', 'id')) as x`)).toMatchObject({
    code: 'UNREADABLE_TABLE',
    message: expect.stringContaining('read-only') as string,
  });
});

test('a window with failed judgements never counts as a window without drift', async () => {
  const training = frameOf(2_000, 0.5, 1);
  const model = await frozenModel(database, 'not_made', training, { retrain: { minLabels: 1 } });
  const failed = { code: 'TRAINING_THREAD_FAILED', reason: 'the thread ran out of memory' };
  const words = (name: string): string =>
    `the judgement "${name}" was due and could not be made: TRAINING_THREAD_FAILED: the thread ran out of memory`;
  const decide = async (
    reportId: number,
    parts: readonly ('checkQuality' | 'measureDrift' | 'measurePerformance')[],
  ) => {
    for (const part of ['checkQuality', 'measureDrift', 'measurePerformance'] as const)
      await inRun(() => activities[part](parts.includes(part) ? { reportId, failed } : { reportId }));
    return inRun(() => activities.decideRetrain({ reportId }));
  };

  const window = await model.report(frameOf(2_000, 0.5, 2));
  expect(await decide(window, ['measureDrift', 'measurePerformance'])).toMatchObject({
    retrain: false,
    outcome: 'judgement failed',
    reason: `${words('drift')}; ${words('performance')}`,
    judgementFailed: true,
  });
  const report = await getReport(database, window);
  expect(report.drift).toEqual({ measured: false, reason: words('drift'), failed });
  expect(reportDocumentSchema.safeParse(documentOf(report)).error).toBeUndefined();

  const unchecked = await model.report(frameOf(2_000, 0.9, 3));
  expect(await inRun(() => activities.checkQuality({ reportId: unchecked, failed }))).toEqual({
    words: `quality: ${words('quality')}`,
    stops: true,
  });
  expect(await inRun(() => activities.decideRetrain({ reportId: unchecked }))).toMatchObject({
    retrain: false,
    outcome: 'judgement failed',
    judgementFailed: true,
  });
  const { quality, drift, performance, decision } = await getReport(database, unchecked);
  expect(quality).toMatchObject({ contracts: [], failed });
  expect([drift, performance]).toEqual([
    { measured: false, reason: words('quality') },
    { measured: false, reason: words('quality') },
  ]);
  expect(decision?.alarms).toEqual([words('quality')]);

  // The same rules on a window that was measured completely.
  const whole = await model.report(frameOf(2_000, 0.5, 4));
  expect(await decide(whole, [])).toMatchObject({ outcome: 'none' });
});
