// The command line as a whole: the help of every command, and wrong usage, without connecting to a server.
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { type Command, CommanderError } from 'commander';
import { beforeEach, describe, expect, it } from 'vitest';
import { Output } from '../../../cli/output/output.ts';
import { buildProgram } from '../../../cli/program.ts';

const ANSWERING = [
  'import', 'apply', 'materialize', 'monitor', 'retrain', 'approve', 'reject', 'grant', 'break-glass', 'rollback', 'stop-serving', 'start-serving', 'withdraw', 'retire', 'tag', 'alias', 'comment', 'status', 'runs', 'report',
  'versions', 'card', 'predict', 'explain', 'doctor', 'migrate', 'adopt', 'sign-in',
]; // prettier-ignore
const GROUPS = {
  dataset: ['expire', 'list', 'show', 'verify'],
  trees: ['install', 'worker'],
  version: ['import', 'verify'],
  proof: ['export'],
  audit: ['at', 'checkpoint', 'export', 'key', 'rotate-key', 'verify'],
  drift: ['calibrate'],
  features: ['describe', 'rows', 'sql', 'stats'],
  definition: ['accept', 'list', 'refuse'],
  floor: ['set', 'show'],
  key: ['create', 'list', 'revoke'],
  notifications: ['list', 'replay', 'show'],
  role: ['grant', 'list', 'revoke'],
};
const RUNNING = ['start', 'demo', 'down', 'worker', 'api'];

let printed: string;
let program: Command;

beforeEach(() => {
  printed = '';
  const stream = { write: (text: string) => (printed += text) };
  const config = (): never => {
    throw new Error('the settings were read');
  };
  program = buildProgram({ config, output: new Output({ stdout: stream, stderr: stream }) });
  const keep = {
    writeOut: (text: string) => void (printed += text),
    writeErr: (text: string) => void (printed += text),
  };
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
  for (const command of all(program)) command.configureOutput(keep);
});

/** The commands that have a file in the folder of commands, or a folder with a file of the same name. */
const commandFiles = async (): Promise<string[]> => {
  const folder = new URL('../../../cli/commands/', import.meta.url);
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.flatMap((entry) => {
    if (entry.name === 'README.md') return [];
    if (entry.isFile()) return entry.name.replace(/\.ts$/, '');
    expect(existsSync(new URL(`${entry.name}/${entry.name}.ts`, folder))).toBe(true);
    return entry.name;
  });
};

const call = (...args: string[]): Promise<unknown> => program.parseAsync(args, { from: 'user' });

describe('the command line', () => {
  it('has the documented commands, each with a file', async () => {
    expect(program.commands.map((command) => command.name()).sort()).toEqual(
      [...ANSWERING, ...RUNNING, ...Object.keys(GROUPS)].sort(),
    );
    const names = program.commands.map((command) =>
      command
        .name()
        .replace(/^(approve|reject)$/, 'decide')
        .replace('start-serving', 'stop-serving'),
    );
    expect((await commandFiles()).sort()).toEqual([...new Set(names)].sort());
  });

  it.each(Object.entries(GROUPS))('has the documented commands under %s', (group, names) => {
    const commands = program.commands.find((command) => command.name() === group)?.commands ?? [];
    expect(commands.map((command) => command.name()).sort()).toEqual([...names].sort());
    // `trees worker` prints no answer, and `audit export` always prints lines of JSON.
    for (const command of commands.filter(
      (each) => !['trees worker', 'audit export'].includes(`${group} ${each.name()}`),
    ))
      expect(command.options.map(({ long }) => long)).toContain('--json');
  });

  it.each(Object.entries(GROUPS).flatMap(([group, names]) => names.map((name) => [group, name] as const)))(
    '%s %s --help shows an example and needs no settings',
    async (group, name) => {
      await expect(call(group, name, '--help')).rejects.toMatchObject({ exitCode: 0 });
      expect(printed).toMatch(/\nExamples?:\n {2}\S*.*tidegate/);
    },
  );

  it.each([...ANSWERING, ...RUNNING])('%s --help shows an example and needs no settings', async (name) => {
    await expect(call(name, '--help')).rejects.toMatchObject({ exitCode: 0 });
    expect(printed).toMatch(/\nExamples?:\n {2}\S*.*tidegate/);
    expect(printed).toContain('--data <folder>');
  });

  it.each(ANSWERING)('%s can answer in JSON', (name) => {
    expect(
      program.commands.find((command) => command.name() === name)?.options.map(({ long }) => long),
    ).toContain('--json');
  });

  it.each([
    [['aprove'], /Did you mean approve/],
    [
      ['import', 'folder', '--as-of', '2024-02-29', '--as-of-column', 'at'],
      /cannot be used with option '--as-of/,
    ],
    [['import', 'folder', '--key', 'user_id'], /--key needs --create/],
    [['import', 'folder', '--yes'], /--yes needs --create/],
    [['import', 'folder', '--create', '--key', 'a,,b'], /not blank/],
    [['import', 'folder', '--as-of', '2024-02-30'], /Write a day/],
    [['import', 'folder', '--as-of', '2024-02-29', '--delimiter', ',,'], /one character/],
    [['import', 'folder', '--as-of', '2024-02-29', '--delimiter', '"'], /one character/],
    [['import', 'folder', '--as-of', '2024-02-29', '--delimiter', ';', '--quote', ';'], /same character/],
    [['import', 'folder', '--as-of', '2024-02-29', '--encoding', 'utf-7'], /windows-1252/],
    [['import', '--as-of', '2024-02-29'], /missing required argument 'path'/],
    [
      ['rollback', 'churn', '--reason', 'x', '--by', 'grace\nroot: ok'],
      /It must be one printable line: it contains \\n/,
    ],
    [['apply', 'x.ts', '--by', 'grace\u202eecarg'], /one printable line/],
    [['monitor', 'churn', '--by', 'gra\u200bce'], /one printable line/],
    [['retrain', 'churn', '--by', 'grace\u0007'], /one printable line/],
    [['materialize', 'churn', '--by', 'grace\u2028ok'], /one printable line/],
    [['approve', 'churn', '--comment', 'a\u001b[2J'], /no other control characters/],
    [['rollback', 'churn', '--reason', 'a\u0008'], /no other control characters/],
    [['adopt', 'everything'], /the id of the installation/],
    [['rollback', 'churn'], /--reason/],
    [['rollback', 'churn', '--reason', ' '], /not blank/],
    [['approve', 'churn', '--by', ''], /must name a person/],
    [['approve', 'churn', 'two'], /whole number/],
    [['report', 'churn', '1', '2'], /too many arguments/],
    [['status', '--jsn'], /--json/],
    [['predict', 'churn', '--key', 'a=1', '--as-of', '2024-01-31'], /cannot be used with/],
    [['demo', '--keep', '--exit'], /cannot be used with/],
    [['features', 'rows', 'churn', '--limit', '0'], /from 1 to 1000/],
    [['features', 'rows', 'churn', '--definition', 'x'], /whole number/],
    [['features', 'stats', 'churn', '--window', '0 days'], /Write a duration/],
    [['status', `--nope${'x'.repeat(500)}`], /unknown option '--nopex{74}…'/],
    [['monitor', 'churn', '--as-of', 'a\u001b[31mb'], /argument 'a\\u\{1b\}\[31mb' is invalid/],
    [['features', 'describe'], /missing required argument/],
  ])('refuses %j as wrong usage', async (args, words) => {
    await expect(call(...args)).rejects.toBeInstanceOf(CommanderError);
    expect(printed).toMatch(words);
  });

  it('prints its version', async () => {
    await expect(call('--version')).rejects.toMatchObject({ exitCode: 0 });
    expect(printed).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('passes on the error of a command', async () => {
    await expect(call('status')).rejects.toThrow('the settings were read');
  });
});
