// `import --create` creates tables only after it has shown their statements and somebody has agreed.
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirmTables } from '../../../cli/commands/import/create-tables.ts';
import { Output } from '../../../cli/output/output.ts';

async function ask(answer: string | undefined, isAgreed = false, isTTY = true) {
  let said = '';
  const stream = { write: (text: string) => (said += text) };
  const input = Object.assign(new PassThrough(), { isTTY });
  const screen = Object.assign(new PassThrough(), { isTTY });
  screen.on('data', (text: Buffer) => (said += text.toString()));
  if (answer === undefined) input.end();
  else input.write(answer);
  const plans = [{ table: 'public.events', statement: 'create table events ()', notes: ['fee is text'] }];
  const output = new Output({ stdout: { write: () => expect.unreachable() }, stderr: stream });
  const error: unknown = await confirmTables(plans, output, { isAgreed, input, screen }).catch(
    (thrown: unknown) => thrown,
  );
  expect(said).toContain('create table events ();\nnote: fee is text\n');
  return { said, error };
}

const refusal = (words: string) =>
  expect.objectContaining({
    code: 'CREATE_NOT_CONFIRMED',
    message: `public.events not created: ${words}`,
    remedy: expect.stringContaining('--yes') as string,
  }) as Error;

describe('a table that an import would create', () => {
  it('is created after yes', async () => {
    const { said, error } = await ask('y\n');
    expect(error).toBeUndefined();
    expect(said).toContain('Create public.events and load the rows? [y/N]');
  });

  it.each([['\n'], ['no\n'], [undefined]])('is not created after %j', async (answer) => {
    expect((await ask(answer)).error).toEqual(refusal('the answer was not yes'));
  });

  it('is not created if a signal ends the question', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true });
    const screen = Object.assign(new PassThrough(), { isTTY: true });
    const ending = new AbortController();
    const output = new Output({ stdout: screen, stderr: screen });
    const plans = [{ table: 'public.events', statement: 'create table events ()', notes: [] }];
    const asked = confirmTables(plans, output, { isAgreed: false, input, screen, signal: ending.signal });
    ending.abort(new Error('interrupted by SIGTERM'));
    await expect(asked).rejects.toBe(ending.signal.reason);
  });

  it('is not created without a terminal, unless --yes was given', async () => {
    expect((await ask('y\n', false, false)).error).toEqual(refusal('there is no terminal to ask on'));
    expect((await ask(undefined, true, false)).error).toBeUndefined();
  });
});
