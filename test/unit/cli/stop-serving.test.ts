// The stop file, as `tidegate stop-serving --file` writes it: without an API, and never empty while it lists models.
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Output } from '../../../cli/output/output.ts';
import { buildProgram } from '../../../cli/program.ts';
import { readConfig } from '../../../cli/shared/config.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-stop-'));
  file = join(folder, 'new', 'stop');
});
afterEach(() => rm(folder, { recursive: true }));

async function run(...args: string[]): Promise<string> {
  let printed = '';
  const stream = { write: (text: string) => (printed += text) };
  const config = () => readConfig({ TIDEGATE_STOP_FILE: file });
  const program = buildProgram({ config, output: new Output({ stdout: stream, stderr: stream }) });
  await program.parseAsync(args, { from: 'user' });
  return printed.trim();
}

it('lists the stopped models, and is removed with the last one', async () => {
  expect(await run('stop-serving', 'churn', '--file')).toBe(`${file} stops churn`);
  expect(await run('stop-serving', 'upsell', '--file')).toBe(`${file} stops churn, upsell`);
  await run('stop-serving', 'churn', '--file');
  expect((await readFile(file, 'utf8')).split('\n').sort()).toEqual(['', 'churn', 'upsell']);
  expect(await readdir(join(folder, 'new'))).toEqual(['stop']);
  expect(await run('start-serving', 'churn', '--file')).toBe(`${file} stops upsell`);
  expect(await run('start-serving', 'upsell', '--file')).toBe(`${file} is gone and stops no model`);
  expect(existsSync(file)).toBe(false);
});

it('stays as it is if it stops all models', async () => {
  file = join(folder, 'stop');
  await writeFile(file, '# all\n');
  expect(await run('stop-serving', 'churn', '--file')).toBe(`${file} stops all models`);
  await expect(run('start-serving', 'churn', '--file')).rejects.toThrow('stops all models');
  expect(await readFile(file, 'utf8')).toBe('# all\n');
});

it('a stop without the file needs a reason', async () => {
  await expect(run('stop-serving', 'churn')).rejects.toThrow('needs a reason');
});
