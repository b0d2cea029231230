// Temporal's runtime reports errors only: tests fail activities, kill workers and break replays on purpose.
//
// It is installed before the first test file of a process, because the files of a process share it.
import { DefaultLogger, Runtime } from '@temporalio/worker';

const INSTALLED = Symbol.for('tidegate.test.quiet-runtime');
const marks = globalThis as unknown as Record<symbol, boolean | undefined>;

if (!marks[INSTALLED]) {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
  });
  marks[INSTALLED] = true;
}
