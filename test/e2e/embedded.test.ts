// Tests the embedded servers with real processes: restarts, crashes, broken folders, and Ctrl-C at bad moments.
import { type ChildProcess, spawn } from 'node:child_process';
import { access, chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dataFolders, eraseData } from '../../cli/local/erase-data.ts';
import { freePort } from '../../cli/local/processes/free-port.ts';
import { type EmbeddedPostgres, startPostgres } from '../../cli/local/postgres.ts';
import { postgresBinaries } from '../../cli/local/postgres-binaries.ts';
import { isRoot, systemPlace } from '../../cli/local/postgres-identity.ts';
import { runCommand } from '../../cli/local/processes/run-command.ts';
import { startTemporal } from '../../cli/local/temporal.ts';
import { eventually } from '../helpers/eventually.ts';

vi.setConfig({ testTimeout: 120_000 });

let root: string;
let dataDir: string;
let lines: string[];
const log = (line: string) => lines.push(line);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidegate-e2e-'));
  // If the tests run as root, Postgres runs as another user and must be able to enter; one test below prevents that.
  await chmod(root, 0o755);
  dataDir = join(root, '.tidegate');
  lines = [];
});

afterEach(async () => {
  await eraseData(dataDir, log);
  expect(await processesOf(dataDir)).toEqual([]);
  await rm(root, { recursive: true });
});

/** Returns the command lines of all live processes that mention the folder. */
const processesOf = async (folder: string): Promise<string[]> =>
  (await runCommand('ps', ['-axww', '-o', 'command=']))
    .split('\n')
    .filter((command) => command.includes(folder));

const postgresOn = (port: number): Promise<EmbeddedPostgres> =>
  startPostgres({ dataDir: dataFolders(dataDir).postgres, port, database: 'tidegate', log });

let earlier: string | undefined;

/** Puts the cluster of an earlier start into the data folder, for tests that are not about the first start. */
const startedBefore = async (): Promise<void> => {
  const { postgres } = dataFolders(dataDir);
  earlier ??= await mkdtemp(join(tmpdir(), 'tidegate-earlier-'));
  const kept = join(earlier, 'postgres');
  const isKept = (await readdir(earlier)).length > 0;
  if (!isKept) await (await postgresOn(await freePort())).stop();
  await mkdir(dataDir, { recursive: true, mode: 0o755 });
  // Keeps owners and modes; as root, the cluster belongs to another user.
  const [from, to] = isKept ? [kept, postgres] : [postgres, kept];
  await runCommand('cp', ['-a', from, to]);
};

afterAll(async () => {
  if (earlier !== undefined) await rm(earlier, { recursive: true });
});

/** Returns the octal modes of a folder and its contents, except the inside of a cluster. */
const modesIn = async (folder: string): Promise<Record<string, string>> => {
  const names = (await readdir(folder, { recursive: true })).filter((name) => !name.includes('cluster/'));
  const modes: Record<string, string> = {};
  for (const name of ['.', ...names]) {
    modes[name] = ((await stat(join(folder, name))).mode & 0o777).toString(8);
  }
  return modes;
};

const query = async (url: string, text: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

const postmasterPid = async (cluster: string): Promise<number> =>
  Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0]);

describe('Postgres', () => {
  test('keeps its data and its password across a restart', async () => {
    const port = await freePort();
    const first = await postgresOn(port);
    // By default, Postgres searches a schema with the role's name first; tables must go to `public` all the same.
    await query(first.url, 'create schema tidegate');
    await query(first.url, 'create table kept as select 7 as value');
    expect(await query(first.url, `select schemaname from pg_tables where tablename = 'kept'`)).toEqual([
      { schemaname: 'public' },
    ]);
    await first.stop();
    // As root, Postgres runs as another user, who must pass through the outer folders; the cluster itself is private.
    const enter = isRoot() ? '711' : '700';
    expect(await modesIn(dataDir)).toMatchObject({ '.': enter, postgres: enter, 'postgres/cluster': '700' });
    await expect(query(first.url, 'select')).rejects.toThrow('ECONNREFUSED');
    const second = await postgresOn(port);
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'select value from kept')).toEqual([{ value: 7 }]);
    await second.stop();
  });

  test('keeps every commit through fsync, and refuses a connection without the password', async () => {
    await startedBefore();
    const postgres = await postgresOn(await freePort());
    expect(await query(postgres.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
    expect(await query(postgres.url, 'show synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    expect(await query(postgres.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    const stranger = new URL(postgres.url);
    stranger.password = 'guess';
    await expect(query(stranger.href, 'select')).rejects.toThrow('password authentication failed');
    await postgres.stop();
  });

  test('recovers on its own after the server was killed', async () => {
    await startedBefore();
    const port = await freePort();
    const first = await postgresOn(port);
    await query(first.url, 'create table kept as select 7 as value');
    process.kill(await postmasterPid(join(dataFolders(dataDir).postgres, 'cluster')), 'SIGKILL');
    expect(await first.ended).toBe('signal SIGKILL');
    await first.stop();
    const second = await postgresOn(port);
    expect(await query(second.url, 'select value from kept')).toEqual([{ value: 7 }]);
    await second.stop();
  });

  test('starts over if the first start was killed before it had created a cluster', async () => {
    const { postgres: folder } = dataFolders(dataDir);
    await mkdir(join(folder, 'cluster.initialising', 'base'), { recursive: true });
    await writeFile(join(folder, 'cluster.password'), 'half');
    const postgres = await postgresOn(await freePort());
    await postgres.stop();
    expect(await readdir(folder)).toEqual(['cluster']);
  });

  test('refuses a folder with no cluster, half of one, or one of another major version', async () => {
    const port = await freePort();
    const cluster = join(dataFolders(dataDir).postgres, 'cluster');
    await startedBefore();

    await rm(join(cluster, 'global', 'pg_control'));
    await expect(postgresOn(port)).rejects.toMatchObject({
      code: 'DATA_FOLDER_BROKEN',
      message: `${cluster} is incomplete (global/pg_control is missing)`,
    });
    await writeFile(join(cluster, 'PG_VERSION'), '17\n');
    await expect(postgresOn(port)).rejects.toMatchObject({
      code: 'DATA_FOLDER_BROKEN',
      message: `${cluster} has data of Postgres 17, but this release comes with Postgres 18`,
    });
    await rm(join(cluster, 'PG_VERSION'));
    await expect(postgresOn(port)).rejects.toMatchObject({
      code: 'DATA_FOLDER_BROKEN',
      remedy: 'Erase the folder (`tidegate down --erase --data <folder>`), or restore it from a backup.',
    });
  });

  test('refuses a port in use, names it, and leaves the folder unlocked', async () => {
    await startedBefore();
    const port = await freePort();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
    await expect(postgresOn(port)).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `port ${port} on 127.0.0.1, wanted for Postgres, is already in use`,
    });
    await new Promise((resolve) => holder.close(resolve));
    await (await postgresOn(port)).stop();
  });

  test('refuses a folder that another start has locked', async () => {
    await startedBefore();
    const running = await postgresOn(await freePort());
    await expect(postgresOn(await freePort())).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    });
    await running.stop();
  });

  test('repairs binaries that were installed without their symlinks and execute bits', async () => {
    const { postgres: installed } = await postgresBinaries(undefined);
    const native = join(root, 'package', 'native');
    await cp(join(installed, '..', '..'), native, {
      recursive: true,
      filter: (path) => !/lib(pq|icu\w+)\.so(\.\d+)?$/.test(path),
    });
    await chmod(join(native, 'bin', 'postgres'), 0o644);
    expect((await postgresBinaries(undefined, native)).major).toBe('18');
  });

  test('fails with BINARY_MISSING if there are no binaries for the machine', async () => {
    await expect(postgresBinaries(undefined, join(root, 'nowhere'))).rejects.toMatchObject({
      code: 'BINARY_MISSING',
    });
  });

  test.runIf(isRoot())('keeps its cluster elsewhere if only root can enter the folder', async () => {
    await chmod(root, 0o700);
    const { postgres: folder } = dataFolders(dataDir);
    const postgres = await postgresOn(await freePort());
    await postgres.stop();
    expect(await readdir(folder)).toEqual([]);
    await access(join(systemPlace(folder), 'cluster', 'PG_VERSION'));
    await eraseData(dataDir, log);
    await expect(access(systemPlace(folder))).rejects.toThrow('ENOENT');
  });
});

describe('Temporal', () => {
  test('keeps its runs and search attributes across a restart', async () => {
    const port = await freePort();
    const start = () =>
      startTemporal({
        dataDir: dataFolders(dataDir).temporal,
        port,
        namespace: 'tidegate',
        searchAttributes: { TidegateModel: 'Keyword', TidegateVersion: 'Int' },
        log,
      });
    const withClient = async (use: (client: Client) => Promise<void>) => {
      const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
      await use(new Client({ connection, namespace: 'tidegate' }));
      await connection.close();
    };

    const first = await start();
    await withClient(async (client) => {
      await client.workflow.start('waits', { workflowId: 'kept', taskQueue: 'nobody' });
    });
    await first.stop();
    const closed = { temporal: '700', 'temporal/temporal.db': '600' };
    expect(await modesIn(dataDir)).toMatchObject(closed);
    // An earlier release left these modes.
    await chmod(join(dataDir, 'temporal'), 0o755);
    await chmod(join(dataDir, 'temporal/temporal.db'), 0o644);
    const second = await start();
    const modes = await modesIn(dataDir);
    expect(modes).toMatchObject(closed);
    expect(Object.entries(modes).filter(([name, mode]) => name !== '.' && !/^[67]00$/.test(mode))).toEqual(
      [],
    );
    await withClient(async (client) => {
      expect((await client.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
      const { customAttributes } = await client.connection.operatorService.listSearchAttributes({
        namespace: 'tidegate',
      });
      expect(Object.keys(customAttributes).sort()).toEqual(['TidegateModel', 'TidegateVersion']);
    });
    await second.stop();
  });

  test('reports the output of a server that ends instead of starting', async () => {
    const folder = dataFolders(dataDir).temporal;
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'temporal.db'),
      'this is no SQLite file, it only lies where one belongs'.repeat(20),
    );
    const failing = startTemporal({ dataDir: folder, port: await freePort(), searchAttributes: {}, log });
    await expect(failing).rejects.toMatchObject({
      code: 'SERVER_FAILED',
      message: expect.stringMatching(/ended with exit code 1.*not a database/s) as string,
    });
  });
});

describe('erasing', () => {
  test('is refused while a server runs, removes everything afterwards, and succeeds if nothing is left', async () => {
    await startedBefore();
    const postgres = await postgresOn(await freePort());
    await expect(eraseData(dataDir, log)).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await postgres.stop();
    await eraseData(dataDir, log);
    await expect(access(dataDir)).rejects.toThrow('ENOENT');
    await eraseData(dataDir, log);
  });

  test('is refused for a folder that Tidegate did not create', async () => {
    const foreign = join(root, 'photos');
    await mkdir(foreign);
    await writeFile(join(foreign, 'holiday.jpg'), '');
    await expect(eraseData(foreign, log)).rejects.toMatchObject({ code: 'BAD_CONFIG' });
    expect(await readdir(foreign)).toEqual(['holiday.jpg']);
  });
});

describe('a whole run', () => {
  const program = fileURLToPath(new URL('../helpers/embedded-run.ts', import.meta.url));

  /** Starts the program like a terminal does: as the leader of its own process group. */
  const startRun = async (): Promise<ChildProcess> => {
    const ports = [await freePort(), await freePort()].map(String);
    const run = spawn(process.execPath, ['--import', 'tsx', program, dataDir, ...ports], { detached: true });
    for (const stream of [run.stdout, run.stderr])
      stream.on('data', (chunk: Buffer) => lines.push(String(chunk)));
    return run;
  };

  /** Does what Ctrl-C does: sends the signal to every process of the group. */
  const interrupt = (run: ChildProcess) => process.kill(-(run.pid as number), 'SIGINT');

  const endOf = (run: ChildProcess) =>
    new Promise<number | NodeJS.Signals | null>((resolve) => {
      run.once('close', (code, signal) => resolve(signal ?? code));
    });

  const isUp = () =>
    eventually(() => expect(lines.join('')).toContain('everything is up'), { within: 60_000 });

  test('stops its parts in order on Ctrl-C and leaves no process behind', async () => {
    await startedBefore();
    const run = await startRun();
    const end = endOf(run);
    await isUp();
    expect((await processesOf(dataDir)).length).toBeGreaterThanOrEqual(3);
    interrupt(run);
    expect(await end).toBe(0);
    expect(lines.join('').match(/^stopping \w+$/gm)).toEqual([
      'stopping child',
      'stopping Temporal',
      'stopping Postgres',
    ]);
    expect(await processesOf(dataDir)).toEqual([]);
  });

  test.each([
    ['while Postgres creates its cluster', 'postgres/cluster.initialising/base'],
    ['as soon as Postgres runs', 'postgres/cluster/postmaster.pid'],
    ['as soon as Temporal runs', 'temporal/temporal.pid'],
  ])('Ctrl-C %s leaves no process behind, and the next start works', async (_, file) => {
    const run = await startRun();
    const end = endOf(run);
    await eventually(() => access(join(dataDir, file)), { within: 60_000, every: 1 });
    interrupt(run);
    expect(await end).toBe(0);
    expect(lines.join('')).not.toContain('everything is up');
    expect(await processesOf(dataDir)).toEqual([]);
    await (await postgresOn(await freePort())).stop();
  });

  test('if it is killed, its child ends on its own, and the next run stops the servers that it left', async () => {
    await startedBefore();
    const killed = await startRun();
    const end = endOf(killed);
    await isUp();
    killed.kill('SIGKILL');
    expect(await end).toBe('SIGKILL');
    await eventually(async () => {
      const left = await processesOf(dataDir);
      expect(left.filter((command) => command.includes('supervised-child'))).toEqual([]);
    });
    expect((await processesOf(dataDir)).length).toBeGreaterThan(0);

    lines = [];
    const next = await startRun();
    const nextEnd = endOf(next);
    await isUp();
    expect(lines.join('')).toContain('which a killed Tidegate left running');
    interrupt(next);
    expect(await nextEnd).toBe(0);
    expect(await processesOf(dataDir)).toEqual([]);
  });
});
