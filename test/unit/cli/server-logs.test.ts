// Which parts of the servers' output appear on the terminal.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerLogs, worthShowing } from '../../../cli/local/server-logs.ts';

describe('worthShowing', () => {
  it('shows warnings and errors by their message', () => {
    expect(worthShowing('[api] {"level":50,"msg":"the database is gone"}')).toBe(
      '[api] the database is gone',
    );
    expect(worthShowing('{"level":40,"msg":"slow"}')).toBe('slow');
  });

  it('adds the first line of the cause', () => {
    expect(
      worthShowing('[worker] {"level":40,"msg":"Activity failed","err":{"message":"no rows\\n at line 7"}}'),
    ).toBe('[worker] Activity failed: no rows');
    expect(worthShowing('{"level":40,"msg":"slow","err":{}}')).toBe('slow');
  });

  it('leaves information out of the terminal', () => {
    expect(worthShowing('[worker] {"level":30,"msg":"polling"}')).toBeUndefined();
    expect(worthShowing('  ')).toBeUndefined();
  });

  it('shows lines that are not JSON, such as those of the supervisor', () => {
    expect(worthShowing('[worker] ended with signal SIGKILL; restarting in 200 ms')).toContain('SIGKILL');
    expect(worthShowing('[api] {not json}')).toBe('[api] {not json}');
  });
});

describe('ServerLogs', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'tidegate-logs-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it("writes every line into the log file of its server, without the supervisor's prefix", async () => {
    const shown: string[] = [];
    const logs = new ServerLogs(folder);
    const log = logs.of('worker', (line) => shown.push(line));
    log('[worker] {"level":30,"msg":"polling"}');
    log('[worker] {"level":50,"msg":"failed"}');
    await logs.stop();
    expect(await readFile(join(logs.folder, 'worker.log'), 'utf8')).toBe(
      '{"level":30,"msg":"polling"}\n{"level":50,"msg":"failed"}\n',
    );
    expect(shown).toEqual(['[worker] failed']);
  });
});
