// Temporal's runtime without its news: tests and recordings fail activities, kill workers and break replays on purpose.
import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Installs a runtime that reports errors only; once per process, before the first connection. */
export function installQuietRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
  });
}
