// Times many models on one worker: two months of StreamFlow up to a pending release of each, and how long steps waited.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { applyModel } from '../operations/apply-model.ts';
import { generateMonth } from '../cli/commands/demo/streamflow/generate-month.ts';
import { freePort } from '../cli/local/processes/free-port.ts';
import { type ManagedProcess, startProcess } from '../cli/local/processes/managed-process.ts';
import { MEMORY_SETTINGS } from '../cli/local/processes/supervise.ts';
import { isReadyMessage } from '../cli/local/processes/ready-message.ts';
import { startTemporal } from '../cli/local/temporal.ts';
import { startMonitor } from '../operations/start-runs.ts';
import { parseDefinition } from '../domain/model/define-model.ts';
import { exampleMigrations } from '../migrations/example/index.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import churn from '../models/churn.ts';
import { importFolder } from '../store/import/import-files.ts';
import { readInstallation } from '../store/registry/installation.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { searchAttributeKinds } from '../worker/search-attributes.ts';
import { DEFAULT_TASK_QUEUE, workflowIds, workflowTypes } from '../workflows/protocol/messages.ts';
import { benchPostgres } from './bench-postgres.ts';
import { memoryOf, processorSeconds } from './process-cost.ts';

const USAGE = 'npm run bench:many [-- <models, 1 to 200>]';
const count = Number(process.argv[2] ?? 60);
if (!Number.isInteger(count) || count < 1 || count > 200) throw new Error(USAGE);

/** A month that takes longer is aborted, so that the bench always ends. */
const MAX_MONTH_MS = 15 * 60_000;
const MONTH_ENDS = ['2024-01-31T00:00:00Z', '2024-02-29T00:00:00Z'];
const DEMO_ENDS = ['2026-08-31T00:00:00Z', '2026-09-30T00:00:00Z'];
/** The first version of this model stays pending, so that decisions on it can be sent and refused while the others work. */
const DECIDED = 'decided';
/** Measured one after the other before the others start; by the last one everything is warm. */
const ALONE = ['alone-1', 'alone-2', 'alone-3'];
const models = Array.from({ length: count }, (_, n) => `many-${String(n + 1).padStart(3, '0')}`);

// If the bench is interrupted, its servers stop as well.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const { database, folder, drop } = await benchPostgres({ durable: true });
const processes: ManagedProcess[] = [];
const temporal = await startTemporal({
  dataDir: join(folder, 'temporal'),
  port: await freePort(),
  searchAttributes: searchAttributeKinds,
  log: () => undefined,
});
const connection = await Connection.connect({ address: temporal.address });
const client = new Client({ connection });
const taskQueue = DEFAULT_TASK_QUEUE;
const apiPort = await freePort();
const api = `http://127.0.0.1:${apiPort}`;
try {
  await migrate(database, tidegateMigrations);
  await migrate(database, exampleMigrations);
  const worker = await startTidegate('worker');
  const server = await startTidegate('api');
  const pids = {
    worker: worker.pid,
    api: server.pid,
    postgres: await pidIn(join(folder, 'postgres', 'cluster', 'postmaster.pid')),
    temporal: await pidIn(join(folder, 'temporal', 'temporal.pid')),
  };
  const months = await writeMonths();
  for (const name of [DECIDED, ...ALONE, ...models])
    await applyModel(
      { database, client, taskQueue, installation: await readInstallation(database) },
      // The bench decides without signing in.
      parseDefinition({ ...churn, name, promotion: { ...churn.promotion, unverifiedSignals: 'accept' } }),
      'ada',
    );
  console.log(`${count} models of the example on ${months.from}; one worker`);

  await importFolder(database.pool, { folder: months.folders[0]!, asOf: new Date(months.ends[0]!) });
  await monitor(DECIDED, months.ends[0]!);
  await untilPending([DECIDED], 1);
  const digest = await digestOf(DECIDED, 1);
  await runAlone(1, months.ends[0]!);
  await approveAll(ALONE, 1);
  await runMonth('first month', 1, months.ends[0]!);
  const approvals = await approveAll(models, 1);
  console.log(`  approving all, one after the other: ${describeTimes(approvals)}`);

  await importFolder(database.pool, { folder: months.folders[1]!, asOf: new Date(months.ends[1]!) });
  const alone = await runAlone(2, months.ends[1]!);
  console.log(`one model alone, from monitor to a pending approval: ${alone.map(seconds).join(', ')}`);
  await runMonth('second month', 2, months.ends[1]!);
  await decideAtOnce(200, digest);
  await tellRows();
  const { length: metrics } = await (await fetch(`${api}/metrics`)).text();
  console.log(`/metrics: ${(metrics / 1_000).toFixed(0)} kB`);

  async function runMonth(name: string, version: number, asOf: string): Promise<void> {
    const before = await costs();
    const startedAt = performance.now();
    await Promise.all(models.map((model) => monitor(model, asOf)));
    const stopped = new AbortController();
    const answers = askWhileWorking(digest, stopped.signal);
    const memory = watchMemory(pids.worker, stopped.signal);
    const { first, all } = await untilPending(models, version);
    stopped.abort();
    const after = await costs();
    console.log(
      `${name}: ${seconds(all - startedAt)} to ${count} pending releases, the first after ${seconds(first - startedAt)}`,
    );
    const used = (of: keyof typeof pids): string => `${of} ${(after[of] - before[of]).toFixed(1)}`;
    const total = Object.keys(pids).reduce((sum, of) => sum + after[of as 'api'] - before[of as 'api'], 0);
    console.log(
      `  processor seconds: ${used('worker')}, ${used('postgres')}, ${used('temporal')}, ${used('api')}; ` +
        `${(total / count).toFixed(2)} a model`,
    );
    console.log(`  worker memory: at most ${(await memory).toFixed(0)} MB`);
    const { decisions, rollbacks } = await answers;
    console.log(`  a decision, while all work: ${describeTimes(decisions)}`);
    console.log(`  a rollback, while all work: ${describeTimes(rollbacks)}`);
    await tellWaits(new Date(Date.now() - (performance.now() - startedAt)));
  }

  async function costs(): Promise<Record<keyof typeof pids, number>> {
    const found = await Promise.all(
      Object.entries(pids).map(async ([of, pid]) => [of, await processorSeconds(pid)]),
    );
    return Object.fromEntries(found) as Record<keyof typeof pids, number>;
  }
} finally {
  for (const process of processes.reverse()) await process.stop(25_000);
  await connection.close();
  await temporal.stop();
  await drop();
}

/** The two months of StreamFlow if they are available; otherwise those of the demo, which have as many rows. */
async function writeMonths() {
  const real = fileURLToPath(new URL('../../shared/data/streamflow/', import.meta.url));
  if (existsSync(`${real}month_001/users.csv`)) {
    const folders = [`${real}month_000`, `${real}month_001`];
    return { from: 'two months of StreamFlow', folders, ends: MONTH_ENDS };
  }
  const folders = [join(folder, 'month_000'), join(folder, 'month_001')];
  for (const month of [0, 1] as const) await generateMonth({ folder: folders[month]!, seed: 1, month });
  return { from: 'the two months of the demo', folders, ends: DEMO_ENDS };
}

async function startTidegate(command: 'worker' | 'api'): Promise<ManagedProcess> {
  const started = await startProcess({
    program: process.execPath,
    args: [fileURLToPath(new URL('../bin/tidegate.mjs', import.meta.url)), command],
    log: (line) => {
      if (process.env['TIDEGATE_BENCH_LOG']) console.log(`[${command}] ${line}`);
    },
    env: {
      ...MEMORY_SETTINGS,
      ...process.env,
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporal.address,
      TIDEGATE_API_PORT: String(apiPort),
      TIDEGATE_AUTH: 'off',
      TIDEGATE_LOG_LEVEL: 'warn',
    },
    ipc: true,
  });
  processes.push(started);
  await new Promise<void>((resolve, reject) => {
    started.child.on('message', (message) => isReadyMessage(message) && resolve());
    void started.ended.then((how) =>
      reject(new Error(`the ${command} ended with ${how}: ${started.tail()}`)),
    );
  });
  return started;
}

async function pidIn(file: string): Promise<number> {
  return Number((await readFile(file, 'utf8')).split('\n')[0]);
}

function monitor(model: string, asOf: string) {
  return startMonitor({ client, taskQueue }, { model, asOf: new Date(asOf), requestedBy: 'ada' });
}

/** Returns the milliseconds from the start of a monitor run to a pending version, for one model after the other. */
async function runAlone(version: number, asOf: string): Promise<number[]> {
  const times: number[] = [];
  for (const name of ALONE) {
    const startedAt = performance.now();
    await monitor(name, asOf);
    times.push((await untilPending([name], version)).all - startedAt);
  }
  return times;
}

/** Waits until a version of each model waits for a decision, and returns when the first and the last did. */
async function untilPending(
  names: readonly string[],
  version: number,
): Promise<{ first: number; all: number }> {
  const deadline = performance.now() + MAX_MONTH_MS;
  let first: number | undefined;
  for (;;) {
    const { rows } = await database.pool.query<{ pending: number }>(
      'select count(*) as pending from tidegate.evidence where version = $1 and model = any ($2)',
      [version, names],
    );
    const pending = Number(rows[0]?.pending);
    if (pending > 0) first ??= performance.now();
    if (pending === names.length) return { first: first ?? 0, all: performance.now() };
    if (performance.now() > deadline)
      throw new Error(`after ${seconds(MAX_MONTH_MS)} ${pending} of ${names.length} are pending`);
    await delay(50);
  }
}

async function digestOf(model: string, version: number): Promise<string> {
  const { rows } = await database.pool.query<{ digest: string }>(
    'select digest from tidegate.evidence where model = $1 and version = $2',
    [model, version],
  );
  return rows[0]!.digest;
}

/** Sends a decision and returns the milliseconds until it is accepted or refused. */
async function decide(model: string, version: number, evidenceDigest: string, comment = ''): Promise<number> {
  const sentAt = performance.now();
  const answer = await fetch(`${api}/models/${model}/decisions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ version, evidenceDigest, decision: 'approve', comment, decidedBy: 'grace' }),
  });
  const text = await answer.text();
  if (answer.status !== 200 && !text.includes('DECISION_REFUSED')) console.log(`  ${answer.status}: ${text}`);
  return performance.now() - sentAt;
}

/** Lets many people approve one version at the same moment, and reports how they were answered and recorded. */
async function decideAtOnce(people: number, evidenceDigest: string): Promise<void> {
  const answered = await Promise.all(
    Array.from({ length: people }, async (_, n) => {
      const sentAt = performance.now();
      const answer = await fetch(`${api}/models/${DECIDED}/decisions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          version: 1,
          evidenceDigest,
          decision: 'approve',
          comment: '',
          decidedBy: `person ${n}`,
        }),
      });
      const body = (await answer.json()) as { error?: { code: string } };
      return { outcome: body.error?.code ?? 'accepted', took: performance.now() - sentAt };
    }),
  );
  const { rows } = await database.pool.query<{ recorded: number; accepted: number }>(
    `select count(*)::int as recorded, (count(*) filter (where accepted))::int as accepted
     from tidegate.decision where model = $1 and actor like 'person %'`,
    [DECIDED],
  );
  const outcomes = new Map<string, number>();
  for (const { outcome } of answered) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  console.log(`${people} decisions at once: ${describeTimes(answered.map(({ took }) => took))}`);
  console.log(
    `  ${[...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', ')}; ${rows[0]?.recorded} rows, ${rows[0]?.accepted} of them accepted`,
  );
}

async function approveAll(names: readonly string[], version: number): Promise<number[]> {
  const times: number[] = [];
  for (const model of names) times.push(await decide(model, version, await digestOf(model, version)));
  // Waits until all are in Production and served by the API.
  const deadline = performance.now() + MAX_MONTH_MS;
  for (;;) {
    const { rows } = await database.pool.query<{ left: number }>(
      `select count(*) as left from tidegate.version where version = $1 and model = any ($2) and stage <> 'Production'`,
      [version, names],
    );
    if (Number(rows[0]?.left) === 0) return times;
    if (performance.now() > deadline) throw new Error(`${rows[0]?.left} versions were not promoted`);
    await delay(200);
  }
}

/** Measures what a person would wait for while the models work: decisions that are refused, and rollbacks without a target. */
async function askWhileWorking(digest: string, signal: AbortSignal) {
  const decisions: number[] = [];
  const rollbacks: number[] = [];
  const wrong = `${digest.startsWith('0') ? '1' : '0'}${digest.slice(1)}`;
  const each = async (times: number[], ask: () => Promise<number>, pause: number): Promise<void> => {
    for (;;) {
      times.push(await ask());
      await delay(pause);
      if (signal.aborted) return;
    }
  };
  await Promise.all([
    each(decisions, () => decide(DECIDED, 1, wrong), 1_000),
    each(
      rollbacks,
      async () => {
        const startedAt = performance.now();
        await client.workflow
          .execute(workflowTypes.rollback, {
            workflowId: workflowIds.rollback(DECIDED),
            taskQueue,
            args: [{ model: DECIDED, requestedBy: 'grace', reason: 'bench' }],
          })
          .catch(() => undefined);
        return performance.now() - startedAt;
        // Few, because each starts two runs and should measure the load without adding to it.
      },
      5_000,
    ),
  ]);
  return { decisions, rollbacks };
}

async function watchMemory(pid: number, signal: AbortSignal): Promise<number> {
  let peak = 0;
  while (!signal.aborted) {
    peak = Math.max(peak, await memoryOf(pid, 'VmRSS'));
    await delay(100);
  }
  return peak;
}

/** Measures how long steps waited for a worker, by type, from the histories of all runs since an instant. */
async function tellWaits(since: Date): Promise<void> {
  const waits = new Map<string, { wait: number[]; took: number[] }>();
  for await (const run of client.workflow.list({ query: `StartTime >= '${since.toISOString()}'` })) {
    if (run.workflowId === workflowIds.rollback(DECIDED)) continue;
    const { events } = await client.workflow.getHandle(run.workflowId, run.runId).fetchHistory();
    const byId = new Map(events?.map((event) => [String(event.eventId), event]));
    for (const event of events ?? []) {
      const done = event.activityTaskCompletedEventAttributes;
      if (!done) continue;
      const scheduled = byId.get(String(done.scheduledEventId));
      const started = byId.get(String(done.startedEventId));
      const name = scheduled?.activityTaskScheduledEventAttributes?.activityType?.name ?? '';
      const found = waits.get(name) ?? { wait: [], took: [] };
      waits.set(name, found);
      found.wait.push(timeOf(started) - timeOf(scheduled));
      found.took.push(timeOf(event) - timeOf(started));
    }
  }
  const longest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);
  const sorted = [...waits].toSorted(([, a], [, b]) => longest(b.wait) - longest(a.wait));
  console.log(`  longest wait of a step: ${seconds(longest(sorted.flatMap(([, { wait }]) => wait)))}`);
  for (const [name, { wait, took }] of sorted)
    console.log(
      `    ${name.padEnd(22)} ${String(took.length).padStart(4)} ×  waited at most ${seconds(longest(wait)).padStart(8)}, ` +
        `took ${seconds(middle(took)).padStart(8)} (median), at most ${seconds(longest(took))}`,
    );
}

interface HistoryTime {
  readonly eventTime?: { readonly seconds?: unknown; readonly nanos?: number | null } | null;
}

function timeOf(event: HistoryTime | undefined): number {
  return Number(event?.eventTime?.seconds ?? 0) * 1_000 + (event?.eventTime?.nanos ?? 0) / 1e6;
}

/** Counts live and dead online rows; a release that rewrites unchanged rows would leave dead ones. */
async function tellRows(): Promise<void> {
  await database.pool.query('select pg_stat_force_next_flush()').catch(() => undefined);
  await delay(1_500);
  const { rows } = await database.pool.query<{ live: number; dead: number; bytes: number }>(
    `select n_live_tup as live, n_dead_tup as dead, pg_total_relation_size(relid) as bytes
     from pg_stat_user_tables where schemaname = 'tidegate' and relname = 'online_row'`,
  );
  const { live = 0, dead = 0, bytes = 0 } = rows[0] ?? {};
  console.log(`online rows: ${live} live, ${dead} dead, ${(Number(bytes) / 2 ** 20).toFixed(0)} MB`);
}

function middle(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

function describeTimes(times: readonly number[]): string {
  return (
    `${times.length} requests, median ${seconds(middle(times))}, 99 % within ${seconds(quantile(times, 0.99))}, ` +
    `at most ${seconds(quantile(times, 1))}`
  );
}

function seconds(milliseconds: number): string {
  return milliseconds < 10_000
    ? `${(milliseconds / 1_000).toFixed(2)} s`
    : `${(milliseconds / 1_000).toFixed(1)} s`;
}
