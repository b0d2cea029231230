// Temporal's runtime with errors only, because tests and recordings fail activities, kill workers and break replays on purpose.
import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Installs a runtime that logs only errors; once per process, before the first connection. */
export function installQuietRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
  });
}
