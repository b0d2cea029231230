// What Temporal's SDK logs, as the worker process writes it.
import { type Logger } from '@temporalio/worker';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { runtimeLogger } from '../../worker/main.ts';

function logged(level: string, log: (logger: Logger) => unknown): string[] {
  const lines: string[] = [];
  const logger = pino({ level }, { write: (line) => void lines.push(line) });
  log(runtimeLogger(logger));
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
}

test('that a worker of activities only polls for no workflows is meant, and no warning', () => {
  const words = 'No workflows registered, not polling for workflow tasks';
  expect(logged('info', (logger) => logger.warn(words))).toEqual([]);
  expect(logged('debug', (logger) => logger.warn(words))).toEqual([words]);
});

test('other warnings stay warnings, and an error keeps its stack', () => {
  expect(logged('warn', (logger) => logger.warn('the poll failed'))).toEqual(['the poll failed']);
  const lines: string[] = [];
  const logger = runtimeLogger(pino({}, { write: (line) => void lines.push(line) }));
  logger.error('it broke', { error: new Error('why') });
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 50, err: { message: 'why' } });
});
