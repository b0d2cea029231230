// The loops for one test file: one worker for all its tests, and a check of every run's payloads.
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { type FakeActivities } from './fake-activities.ts';
import { LARGEST_PAYLOADS, payloadSizes } from './history.ts';
import { hostLoops, type Loops, type LoopsHost } from './loops.ts';

/** Runs a test's body on a model of its own, served by these activities. */
export type WithLoops = (fakes: FakeActivities, work: (loops: Loops) => Promise<void>) => Promise<void>;

/**
 * Starts a worker for the tests of a file. After each test, checks every run that it started: no event
 * carries more than 16 kB.
 *
 * @example
 * const withLoops = useLoops();
 * it('ends', () => withLoops(fakeActivities(), async ({ monitor }) => { await (await monitor()).result(); }));
 */
export function useLoops(): WithLoops {
  let host: LoopsHost;
  beforeAll(async () => {
    host = await hostLoops({ address: inject('temporalAddress') });
  });
  afterAll(() => host.stop());
  return async (fakes, work) => {
    const started = new Set<string>();
    await work(rememberingIds(host.modelWith(fakes), started));
    expect(started.size).toBeGreaterThan(0);
    for (const workflowId of started) {
      const history = await host.client.workflow.getHandle(workflowId).fetchHistory();
      expect(payloadSizes(history)[0], workflowId).toBeLessThanOrEqual(LARGEST_PAYLOADS);
    }
  };
}

function rememberingIds(loops: Loops, started: Set<string>): Loops {
  const remember = async <Handle extends { workflowId: string }>(
    starting: Promise<Handle>,
  ): Promise<Handle> => {
    const handle = await starting;
    started.add(handle.workflowId);
    return handle;
  };
  return {
    ...loops,
    monitor: (...args) => remember(loops.monitor(...args)),
    retrain: (...args) => remember(loops.retrain(...args)),
    release: (...args) => remember(loops.release(...args)),
    rollback: (...args) => remember(loops.rollback(...args)),
    watch: (...args) => remember(loops.watch(...args)),
    materialize: (...args) => remember(loops.materialize(...args)),
  };
}
