// Two kinds of tests: `unit` starts nothing; `integration` shares one Postgres and one Temporal for the whole run.
import { defineConfig } from 'vitest/config';

const unit = ['test/unit/**/*.test.ts'];
/** These run a worker as its program does, which installs Temporal's runtime, once for each process. */
const alone = ['test/pgbouncer/**/*.test.ts'];

export default defineConfig({
  test: {
    // The native module of Temporal's worker does not live in threads.
    pool: 'forks',
    setupFiles: ['test/helpers/no-nested-connections.ts'],
    maxWorkers: 2,
    // What a test waits for has a deadline of its own; these end one that hangs, also on a machine five times slower.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    projects: [
      // Files of one process share what they load, which takes longer than most of their tests.
      { extends: true, test: { name: 'unit', include: unit, isolate: false } },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: [...unit, ...alone],
          globalSetup: ['test/helpers/servers.ts'],
          setupFiles: ['test/helpers/quiet-runtime.ts'],
          // Files of one process share what they load, as above.
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: alone, globalSetup: ['test/helpers/servers.ts'] },
      },
    ],
  },
});
