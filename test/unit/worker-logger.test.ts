// How the worker process logs messages of Temporal's SDK.
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

test('the SDK warning that an activity worker does not poll for workflows is logged only at level debug', () => {
  const message = 'No workflows registered, not polling for workflow tasks';
  expect(logged('info', (logger) => logger.warn(message))).toEqual([]);
  expect(logged('debug', (logger) => logger.warn(message))).toEqual([message]);
});

test('other warnings are logged as warnings, and errors with their stack', () => {
  expect(logged('warn', (logger) => logger.warn('the poll failed'))).toEqual(['the poll failed']);
  const lines: string[] = [];
  const logger = runtimeLogger(pino({}, { write: (line) => void lines.push(line) }));
  logger.error('it broke', { error: new Error('why') });
  expect(JSON.parse(lines[0]!)).toMatchObject({ level: 50, err: { message: 'why' } });
});
