// Measures predictions over HTTP with wrk against echo routes, in one run: a bare Fastify echo, an echo in the same app
// with the same hooks, body and schema, and predictions by features, by key and in batches.
import { execFile, spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { keepUrls } from '../boot/build.mjs';
import { benchPostgres } from './bench-postgres.ts';
import { processorSeconds } from './process-cost.ts';
import { fillServingWorld, ROW } from './serving-world.ts';

const USAGE = 'npm run bench:serving [-- <seconds of each measurement> <rounds> <connections>]';
const [seconds = 3, rounds = 10, connections = 32] = process.argv.slice(2).map(Number);
if (![seconds, rounds, connections].every((each) => Number.isInteger(each) && each > 0))
  throw new Error(USAGE);

const ENTITIES = 10_000;
const run = promisify(execFile);
const repository = fileURLToPath(new URL('..', import.meta.url));

interface Route {
  readonly name: string;
  readonly url: string;
  /** Bodies that are sent in turn. */
  readonly bodies: readonly object[];
  /** Rows that one request scores. */
  readonly rows: number;
}

interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
  /** Microseconds of processor time that the server process used for one request. */
  readonly cpu: number;
}

// If the bench is interrupted, its servers stop as well.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const { database, folder, drop } = await benchPostgres({ durable: true });
// Below node_modules, so that the built process finds its packages.
const built = join(repository, 'node_modules', '.cache', `bench-serving-${process.pid}`);
let child: ReturnType<typeof spawn> | undefined;
try {
  const key = await fillServingWorld(database, ['churn'], ENTITIES);
  const program = await buildProcess();
  child = spawn(process.execPath, [program, database.url], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async (): Promise<Record<string, string>> =>
    JSON.parse(String((await lines.next()).value)) as never;
  const { bareUrl, appUrl } = await next();
  const model = `${appUrl}/models/churn`;
  const keys = Array.from({ length: 1_000 }, (_, n) => ({ key: { user_id: `u${(n * 7919) % ENTITIES}` } }));
  const routes: Route[] = [
    { name: 'bare echo', url: `${bareUrl}/echo`, bodies: [{ features: ROW }], rows: 1 },
    { name: 'echo in the app', url: `${model}/echo`, bodies: [{ features: ROW }], rows: 1 },
    { name: 'by features', url: `${model}/predict`, bodies: [{ features: ROW }], rows: 1 },
    { name: 'by key', url: `${model}/predict`, bodies: keys, rows: 1 },
    {
      name: '1,000 rows',
      url: `${model}/predict`,
      bodies: [{ rows: Array.from({ length: 1_000 }, (_, n) => ({ ...ROW, skips_7d: n })) }],
      rows: 1_000,
    },
  ];
  const measured = new Map<string, Measured[]>(routes.map(({ name }) => [name, []]));
  for (const [at, route] of routes.entries()) await writeFile(scriptOf(at), script(route, key));
  for (let round = -1; round < rounds; round += 1) {
    for (const [at, route] of routes.entries()) {
      const one = await measure(route, scriptOf(at), child.pid!);
      // The first round only warms everything up.
      if (round >= 0) measured.get(route.name)!.push(one);
    }
  }
  report(routes, measured);
  child.stdin!.end();
  console.log(JSON.stringify(await next()));
} finally {
  child?.kill();
  await drop();
  await rm(built, { recursive: true, force: true });
}

/** Builds the measured process to plain JavaScript, as an installation runs it. */
async function buildProcess(): Promise<string> {
  await mkdir(built, { recursive: true });
  const outfile = join(built, 'process.mjs');
  await build({
    absWorkingDir: repository,
    entryPoints: ['bench/serving-process.ts'],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'silent',
    plugins: [keepUrls],
  });
  return outfile;
}

function scriptOf(at: number): string {
  return join(folder, `route-${at}.lua`);
}

/** The script with which wrk sends the bodies of a route in turn. */
function script({ url, bodies }: Route, key: string): string {
  const { pathname } = new URL(url);
  const quoted = bodies.map((body) => `[==[${JSON.stringify(body)}]==]`);
  return `
    local headers = { ["content-type"] = "application/json", ["authorization"] = "Bearer ${key}" }
    local bodies = { ${quoted.join(',\n')} }
    local requests, at = {}, 0
    init = function()
      for n, body in ipairs(bodies) do requests[n] = wrk.format("POST", "${pathname}", headers, body) end
    end
    request = function() at = at % #requests + 1 return requests[at] end
    done = function(summary, latency)
      io.write(string.format('\\n{"requests":%d,"failed":%d,"us":%d,"p50":%f,"p99":%f}\\n', summary.requests,
        summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout,
        summary.duration, latency:percentile(50), latency:percentile(99)))
    end`;
}

async function measure(route: Route, file: string, pid: number): Promise<Measured> {
  const before = await processorSeconds(pid);
  const { stdout } = await run('wrk', [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '-s',
    file,
    new URL(route.url).origin,
  ]);
  const used = (await processorSeconds(pid)) - before;
  const line = stdout.trim().split('\n').at(-1)!;
  const { requests, failed, us, p50, p99 } = JSON.parse(line) as Record<
    'requests' | 'failed' | 'us' | 'p50' | 'p99',
    number
  >;
  return {
    perSecond: requests / (us / 1e6),
    p50: p50 / 1e3,
    p99: p99 / 1e3,
    failed,
    cpu: (used / requests) * 1e6,
  };
}

function report(routes: readonly Route[], measured: ReadonlyMap<string, readonly Measured[]>): void {
  const of = (name: string): readonly Measured[] => measured.get(name) ?? [];
  const ratio = (name: string, peer: string, field: 'perSecond' | 'cpu'): string =>
    median(of(name).map((one, round) => one[field] / of(peer)[round]![field])).toFixed(3);
  console.table(
    Object.fromEntries(
      routes.map(({ name, rows }) => [
        name,
        {
          'requests/s': Math.round(median(of(name).map((one) => one.perSecond))),
          'rows/s': Math.round(rows * median(of(name).map((one) => one.perSecond))),
          'of bare echo': ratio(name, 'bare echo', 'perSecond'),
          'of app echo': ratio(name, 'echo in the app', 'perSecond'),
          'CPU µs': median(of(name).map((one) => one.cpu)).toFixed(1),
          'CPU of app echo': ratio(name, 'echo in the app', 'cpu'),
          'p50 ms': median(of(name).map((one) => one.p50)).toFixed(2),
          'p99 ms': median(of(name).map((one) => one.p99)).toFixed(2),
          failed: of(name).reduce((sum, one) => sum + one.failed, 0),
        },
      ]),
    ),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}
