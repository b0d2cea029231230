// Times the quality check of 1,000,000 × 14 frozen rows (contracts and sketches) against profiling the same rows, in one run.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { driftActivities } from '../activities/measure-drift.ts';
import { performanceActivities } from '../activities/measure-performance.ts';
import { matchInTime, qualityActivities } from '../activities/check-quality.ts';
import { type ActivityDeps } from '../activities/deps.ts';
import { decodeReference } from '../domain/data/profile/profile-codec.ts';
import { type Frame } from '../domain/data/frame.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import { getDataset } from '../store/registry/dataset.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { profileDataset } from '../store/profiles/profile-dataset.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { inspectDataset } from '../store/profiles/inspect-dataset.ts';
import { getReport } from '../store/registry/reports.ts';
import { readReference } from '../store/registry/versions.ts';
import { frozenModel } from '../test/helpers/frozen-model.ts';
import { benchPostgres } from './bench-postgres.ts';
import { generatedRows } from './generated-rows.ts';

const PIECE_ROWS = 2 * 65_536;
const TIMES = 8;
const ROUNDS = 10;

/** With a fifth of the rows held out. */
const generated = (rows: number): Frame => ({
  ...generatedRows(rows).frame,
  holdout: Uint8Array.from({ length: rows }, (_, row) => Number(row % 5 === 0)),
});

const { database, drop } = await benchPostgres({ durable: true });
try {
  await migrate(database, tidegateMigrations);
  const model = await frozenModel(database, 'bench', generated(PIECE_ROWS));
  const reportId = await model.report(generated(PIECE_ROWS), { times: TIMES });
  const report = await getReport(database, reportId);
  const dataset = await getDataset(database, report.datasetId);
  const { definition } = await getDefinition(database, 'bench');
  const reference = decodeReference(await readReference(database, 'bench', 1));
  // The steps only use Postgres.
  const deps = { database } as ActivityDeps;
  const steps = { ...qualityActivities(deps), ...driftActivities(deps), ...performanceActivities(deps) };
  const ways = {
    'only profiling': () => profileDataset(database, dataset, reference),
    'only contracts and sketches': () => inspectDataset(database, dataset, definition, matchInTime()),
    'step checkQuality': inActivity(() => steps.checkQuality({ reportId })),
    'step measureDrift': inActivity(() => steps.measureDrift({ reportId })),
    'step measurePerformance': inActivity(() => steps.measurePerformance({ reportId })),
  };
  const seconds: Record<string, number[]> = {};
  const cpus: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const cpu = process.cpuUsage();
      const start = performance.now();
      await way();
      const { user, system } = process.cpuUsage(cpu);
      (seconds[name] ??= []).push((performance.now() - start) / 1_000);
      (cpus[name] ??= []).push((user + system) / 1e6);
    }
  }
  console.log(`${dataset.rows} rows × ${dataset.columns.length} columns, median of ${ROUNDS}`);
  const ratio = (of: Record<string, number[]>, name: string): string =>
    (median(of[name] ?? []) / median(of['only profiling'] ?? [])).toFixed(2);
  for (const name of Object.keys(ways)) {
    const [wall, cpu] = [median(seconds[name] ?? []), median(cpus[name] ?? [])];
    console.log(
      `  ${name.padEnd(30)} ${wall.toFixed(3)} s, ${ratio(seconds, name)} of profiling; ` +
        `CPU ${cpu.toFixed(3)} s, ${ratio(cpus, name)} of profiling`,
    );
  }
} finally {
  await drop();
}

function inActivity<T>(step: () => Promise<T>): () => Promise<T> {
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  return () => environment.run<[], T, () => Promise<T>>(step);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
