// Times profiling a window of up to twenty million rows in parts: time and memory by rows, and two workers against one.
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import { CHUNK_ROWS } from '../store/datasets/chunk.ts';
import { PART_ROWS, partsOf } from '../store/profiles/profile-parts.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { getReport } from '../store/registry/reports.ts';
import { frozenModel } from '../test/helpers/frozen-model.ts';
import { benchPostgres } from './bench-postgres.ts';
import { driftFrame, DRIFTED } from './drift-frames.ts';
import { type AloneAnswer, type AloneTask } from './partition-tasks.ts';

/** Rows of the frame that is stored several times over, so that a window has whole chunks. */
const ROWS = 16 * CHUNK_ROWS;
const TIMES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 5, 20];
const ROUNDS = 3;

/** Number of workers, and of the cores that they share with Postgres. */
interface Setting {
  readonly workers: number;
  readonly cores: number;
}

// Postgres sends while a worker counts, so one worker keeps more than one core busy. Two workers can be twice as fast only
// if there are enough cores for both and for their connections to Postgres.
const CORES = availableParallelism();
const SETTINGS: readonly Setting[] = [
  { workers: 1, cores: CORES },
  ...(process.platform === 'linux' ? [{ workers: 1, cores: 1 }] : []),
  { workers: 2, cores: CORES },
];
/** How often the smallest window is measured again, so that its workers allocate as much as those of the largest. */
const MORE_PASSES = 9;

const { database, drop } = await benchPostgres({ durable: false });
try {
  await migrate(database, tidegateMigrations);
  const model = await frozenModel(database, 'parts', driftFrame(ROWS, 'reference'));
  const frame = driftFrame(ROWS, 'window');
  for (const times of TIMES) {
    const reportId = await model.report(frame, { times });
    // Vacuums first, because new rows are still being written to disk and their hint bits are not set.
    await database.pool.query('vacuum analyze tidegate.dataset_chunk');
    await database.pool.query('checkpoint');
    await measure(reportId, times * ROWS);
  }
} finally {
  await drop();
}

async function measure(reportId: number, rows: number): Promise<void> {
  const parts = partsOf({ rows, chunkRows: CHUNK_ROWS }, PART_ROWS);
  console.log(
    `\n${(rows / 1e6).toFixed(1)} M rows in ${parts} ${parts === 1 ? 'part' : 'parts'}, median of ${ROUNDS}`,
  );
  const alone: number[] = [];
  for (const setting of parts === 1 ? SETTINGS.slice(0, 1) : SETTINGS) {
    await keepTo(setting.cores, await postmaster());
    const runs: Run[] = [];
    for (let round = -1; round < ROUNDS; round += 1) {
      const run = await withWorkers(setting, reportId, parts);
      // The first round fills the caches.
      if (round >= 0) runs.push(run);
    }
    const seconds = median(runs.map((run) => run.seconds));
    if (setting.workers === 1) alone.push(seconds);
    console.log(
      `  ${describeSetting(setting)}  ${seconds.toFixed(2)} s, ${((1e6 * seconds) / rows).toFixed(3)} s a million rows; ` +
        `a worker at most ${median(runs.map((run) => run.over)).toFixed(0)} MB over idle` +
        (setting.workers === 1
          ? ''
          : `; ${alone.map((one) => (one / seconds).toFixed(2)).join(' and ')} times as fast as one worker`),
    );
  }
  const { drift } = await getReport(database, reportId);
  if (!drift?.measured) throw new Error('drift was not measured');
  const found = drift.verdict.driftedColumns.join(', ');
  if (found !== Object.keys(DRIFTED).join(', ')) throw new Error(`found ${found}`);
}

interface Run {
  readonly seconds: number;
  /** Megabytes: the largest growth of a worker over its idle size. */
  readonly over: number;
}

/** As in the workflow, workers take the next part when they are free, and one of them measures the report from the counts. */
async function withWorkers({ workers, cores }: Setting, reportId: number, parts: number): Promise<Run> {
  const program = fileURLToPath(new URL('./partitions-alone.ts', import.meta.url));
  const children = Array.from({ length: workers }, () =>
    fork(program, [database.url], { execArgv: ['--expose-gc', '--import', 'tsx'] }),
  );
  await Promise.all(children.map((child) => once(child, 'message')));
  for (const { pid } of children) await keepTo(cores, pid!);
  const start = performance.now();
  if (parts > 1) {
    let next = 0;
    await Promise.all(
      children.map(async (child) => {
        while (next < parts) await asked(child, { step: 'profile', reportId, part: next++, parts });
      }),
    );
  }
  await asked(children[0]!, { step: 'judge', reportId });
  const seconds = (performance.now() - start) / 1_000;
  for (let pass = 0; parts === 1 && pass < MORE_PASSES; pass += 1)
    await asked(children[0]!, { step: 'judge', reportId });
  const memories = await Promise.all(children.map((child) => asked(child, { step: 'end' })));
  for (const child of children) if (child.exitCode === null) await once(child, 'exit');
  return { seconds, over: Math.max(...memories.map(({ peak, idle }) => peak - idle)) };
}

async function asked(child: ChildProcess, task: AloneTask): Promise<AloneAnswer> {
  child.send(task);
  const [answer] = (await once(child, 'message')) as [AloneAnswer];
  return answer;
}

function describeSetting({ workers, cores }: Setting): string {
  return `${workers} ${workers === 1 ? 'worker ' : 'workers'} and Postgres on ${cores} ${cores === 1 ? 'core ' : 'cores'}`;
}

/** Returns the process id of the Postgres server, whose children serve new connections. */
async function postmaster(): Promise<number> {
  const { rows } = await database.pool.query<{ file: string }>(
    `select pg_read_file('postmaster.pid') as file`,
  );
  return Number(rows[0]?.file.split('\n')[0]);
}

/** Restricts a process and all of its threads to the first cores. */
async function keepTo(cores: number, pid: number): Promise<void> {
  if (process.platform !== 'linux') return;
  await promisify(execFile)('taskset', ['-acp', `0-${cores - 1}`, String(pid)]);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
