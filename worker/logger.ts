// What Temporal, the workflows and the activities log, as lines of JSON like everything else.
import { type Logger as TemporalLogger, type LogLevel, type LogMetadata } from '@temporalio/worker';
import { type Logger } from 'pino';

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * What the SDK warns of or notes though it is meant: the worker that takes parts of large windows runs activities only,
 * and none of them serves Nexus.
 */
const MEANT: ReadonlySet<string> = new Set([
  'No workflows registered, not polling for workflow tasks',
  'No Nexus services registered, not polling for Nexus tasks',
]);

/** A logger for Temporal's runtime that writes to pino; an error in the metadata keeps its stack, what is meant is for debugging. */
export function runtimeLogger(logger: Logger): TemporalLogger {
  const log = (level: LogLevel, message: string, meta: LogMetadata = {}): void => {
    const { error, ...rest } = meta as { error?: unknown };
    const kept = MEANT.has(message) ? 'debug' : LEVELS[level];
    logger[kept]({ ...rest, ...(error !== undefined && { err: error }) }, message);
  };
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}
