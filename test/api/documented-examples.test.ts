// The examples of docs/serving.md run against an API.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ModelFixture, sigmoid, startTestApi, type TestApi } from './fixture.ts';

const run = promisify(execFile);

let fixture: ModelFixture;
let api: TestApi;
let folder: string;
let examples: ReadonlyMap<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-examples-'));
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.addOnlineRow('u_000123', { hours: 20, plan: 'basic' });
  api = await startTestApi(fixture.database);
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const page = await readFile(new URL('../../docs/serving.md', import.meta.url), 'utf8');
  examples = new Map(
    [...page.matchAll(/```(\w+)\n([^]*?)```/g)].map(([, language = '', code = '']) => [language, code]),
  );
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
  await rm(folder, { recursive: true, force: true });
});

async function output(program: string, ...args: string[]): Promise<string> {
  const { port } = api.app.server.address() as AddressInfo;
  const env = { ...process.env, TIDEGATE_URL: `http://127.0.0.1:${port}`, TIDEGATE_KEY: api.key };
  return (await run(program, args, { env, timeout: 60_000 })).stdout.trim();
}

const hasProgram = async (program: string): Promise<boolean> =>
  run(program, ['--version']).then(
    () => true,
    () => false,
  );

it('curl gets a prediction', async (context) => {
  if (!(await hasProgram('curl'))) context.skip('curl is not installed');
  const answer = JSON.parse(await output('sh', '-c', examples.get('sh')!)) as object;
  expect(answer).toMatchObject({
    model: 'churn',
    version: 1,
    predictions: [{ score: sigmoid(2), positive: true }],
  });
});

it('Python gets a probability', async (context) => {
  if (!(await hasProgram('python3'))) context.skip('python3 is not installed');
  expect(Number(await output('python3', '-c', examples.get('python')!))).toBe(sigmoid(2));
});

it('TypeScript gets a score with the client', async () => {
  const types = { loader: 'ts', format: 'esm' } as const;
  const client = await readFile(new URL('../../client/client.ts', import.meta.url), 'utf8');
  await writeFile(join(folder, 'client.mjs'), (await transform(client, types)).code);
  const example = examples.get('ts')!.replace("'tidegate/client'", "'./client.mjs'");
  const file = join(folder, 'example.mjs');
  await writeFile(file, (await transform(example, types)).code);
  expect(await output(process.execPath, file)).toBe(`1 ${sigmoid(2)}`);
});
