// Tests that SIGTERM ends a worker in time even if a step waits for a lock and cannot be cancelled.
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseDefinition } from '../../domain/model/define-model.ts';
import churn from '../../models/churn.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { type MonitorInput, workflowIds, workflowTypes } from '../../workflows/protocol/messages.ts';
import { eventually } from '../helpers/eventually.ts';
import { inject } from 'vitest';
import { type Loop, startLoop } from '../helpers/loop.ts';
import { kill, startWorker } from '../helpers/killed-worker.ts';

const MODEL = 'stopped';
/** Documented are 20 seconds after the signal; the rest allows for a machine that is busy with other tests. */
const WITHIN_MS = 60_000;

let loop: Loop;
beforeAll(async () => {
  loop = await startLoop({ worker: false });
  await applyDefinition(loop.database, parseDefinition({ ...churn, name: MODEL }), 'ada');
});
afterAll(() => loop.stop());

it(
  'a worker ends on SIGTERM while a step holds connections and waits for a lock',
  { timeout: 240_000 },
  async () => {
    const { database, client, taskQueue } = loop;
    const holder = await database.pool.connect();
    const worker = startWorker({ database, temporalAddress: inject('temporalAddress') }, taskQueue);
    try {
      await holder.query('begin');
      // The step that writes the frozen rows waits for this lock, and cancellation does not reach its statement.
      await holder.query('lock table tidegate.dataset, users');
      const input: MonitorInput = { model: MODEL, asOf: '2024-01-31T00:00:00Z' };
      await client.workflow.start(workflowTypes.monitor, {
        workflowId: workflowIds.monitor(MODEL),
        taskQueue,
        args: [input],
      });
      await eventually(
        async () => {
          // Do not ask on `holder`: within a transaction, pg_stat_activity stays as it was at the first query.
          const { rows } = await database.pool.query(
            `select from pg_stat_activity where application_name = 'tidegate-worker' and wait_event_type = 'Lock'
             and datname = current_database()`,
          );
          expect(rows.length).toBeGreaterThan(0);
        },
        { within: 90_000, every: 100 },
      );
      const ended = once(worker, 'exit');
      const signalled = performance.now();
      worker.kill('SIGTERM');
      await eventually(() => expect(worker.exitCode ?? worker.signalCode).not.toBeNull(), {
        within: WITHIN_MS,
      });
      await ended;
      expect(worker.signalCode).toBeNull();
      expect(performance.now() - signalled).toBeLessThan(WITHIN_MS);
    } finally {
      await holder.query('rollback');
      holder.release();
      await kill(worker);
      await client.workflow.getHandle(workflowIds.monitor(MODEL)).terminate('the test is over');
    }
  },
);
