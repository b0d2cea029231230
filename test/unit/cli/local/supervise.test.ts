// Supervising real processes.
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processCommand } from '../../../../cli/local/processes/orphan.ts';
import {
  supervise,
  type Supervised,
  type SuperviseOptions,
} from '../../../../cli/local/processes/supervise.ts';
import { eventually } from '../../../helpers/eventually.ts';

const script = fileURLToPath(new URL('../../../helpers/supervised-child.mjs', import.meta.url));

let said: string[];
let supervised: Supervised | undefined;

beforeEach(() => {
  said = [];
  supervised = undefined;
});

afterEach(() => supervised?.stop());

const start = async (behaviour: string, options: Partial<SuperviseOptions> = {}): Promise<Supervised> => {
  supervised = await supervise({
    name: 'child',
    script,
    args: [behaviour],
    log: (line) => said.push(line),
    backoff: { first: 10, max: 40 },
    ...options,
  });
  return supervised;
};

/** The pid that the child printed last. */
const printedPid = (): number =>
  Number(
    said
      .filter((line) => line.includes('I am'))
      .at(-1)
      ?.split(' ')
      .at(-1),
  );

const isGone = async (pid: number) => expect(await processCommand(pid)).toBeUndefined();

test('it resolves when the child is ready, and prefixes each line of output with its name', async () => {
  const child = await start('');
  expect(child.pid()).toBe(printedPid());
  expect(said).toEqual([`[child] I am ${child.pid()}`]);
  expect(child.restarts()).toBe(0);
});

test('a killed child is restarted', async () => {
  const child = await start('');
  const first = child.pid() as number;
  process.kill(first, 'SIGKILL');
  await eventually(() => {
    expect(child.restarts()).toBe(1);
    expect(printedPid()).not.toBe(first);
    expect(child.pid()).toBe(printedPid());
  });
  expect(said).toContain('[child] ended with signal SIGKILL; restarting in 10 ms');
});

test('the wait between restarts grows up to its limit', async () => {
  const child = await start('');
  for (const [death, wait] of [10, 20, 40, 40].entries()) {
    const pid = await eventually(() => {
      expect(child.restarts()).toBe(death);
      expect(child.pid()).toBe(printedPid());
      return printedPid();
    });
    process.kill(pid, 'SIGKILL');
    await eventually(() =>
      expect(said.filter((line) => line.includes('SIGKILL')).at(-1)).toContain(`restarting in ${wait} ms`),
    );
    await eventually(() => expect(printedPid()).not.toBe(pid));
  }
});

test('a child that fails at its first start is reported with its output and not restarted', async () => {
  await expect(start('fails')).rejects.toMatchObject({
    code: 'SERVER_FAILED',
    message: expect.stringMatching(
      /^child ended with exit code 1 before it was ready.*no setting named colour/s,
    ) as string,
  });
  expect(said.filter((line) => line.includes('I am'))).toHaveLength(1);
});

test('a child that does not report ready in time is stopped and reported', async () => {
  await expect(start('never-ready', { readyWithin: 1_500 })).rejects.toThrow(
    'child was not ready within 1.5 s',
  );
  await isGone(printedPid());
});

test('stopping sends the child SIGTERM and waits for its end', async () => {
  const child = await start('');
  await child.stop();
  expect(said.at(-1)).toBe('[child] asked to end');
  await isGone(printedPid());
  expect(child.pid()).toBeUndefined();
});

test('a child that ignores SIGTERM is killed after the grace time', async () => {
  const child = await start('stubborn', { grace: 200 });
  await child.stop();
  await isGone(printedPid());
});

test('stopping during the wait for a restart starts nothing more', async () => {
  const child = await start('', { backoff: { first: 60_000, max: 60_000 } });
  process.kill(child.pid() as number, 'SIGKILL');
  await eventually(() => expect(said.at(-1)).toContain('restarting in 60000 ms'));
  await child.stop();
  expect(child.restarts()).toBe(0);
  await isGone(printedPid());
});

test('aborting the start stops the child and throws the reason', async () => {
  const giveUp = new AbortController();
  const failing = start('never-ready', { signal: giveUp.signal });
  await eventually(() => expect(printedPid()).toBeGreaterThan(0));
  giveUp.abort(new Error('stopped by SIGINT'));
  await expect(failing).rejects.toThrow('stopped by SIGINT');
  await isGone(printedPid());
});
