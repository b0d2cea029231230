// Two kinds of tests: `unit` starts nothing; `integration` shares one Postgres and one Temporal for the whole run.
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const unit = ['test/unit/**/*.test.ts'];
/** These run a worker as its program does, which installs Temporal's runtime, once for each process. */
const alone = ['test/pgbouncer/**/*.test.ts', 'test/keycloak/**/*.test.ts'];

/**
 * Starts the files of `test/e2e` first. They take longest, mostly waiting for processes, and would otherwise run alone at
 * the end. Vitest knows which files are slow only from an earlier run, which a fresh clone does not have.
 */
class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => (moduleId.includes('/test/e2e/') ? 0 : 1);
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    // The native module of Temporal's worker does not live in threads.
    pool: 'forks',
    setupFiles: ['test/helpers/no-nested-connections.ts'],
    // One more than the two processors of CI, because tests that wait for a process or a deadline leave them idle.
    maxWorkers: 3,
    sequence: { sequencer: SlowestFirst },
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
          setupFiles: ['test/helpers/quiet-runtime.ts', 'test/helpers/built-programs.ts'],
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
