// A retrain, followed until it is closed.
import { TidegateError } from '../../domain/errors.ts';
import { listRetrains, type Retrain } from '../../store/registry/retrains.ts';
import { retrainStateQuery, workflowIds } from '../../workflows/protocol/messages.ts';
import { type Services } from '../connections.ts';
import { followRun, type Say } from './follow-run.ts';

/**
 * Waits until a retrain is closed.
 *
 * @throws the failure of the run when the retrain failed; TidegateError INTERNAL when only its words are left
 */
export async function followRetrain(
  { client, database }: Pick<Services, 'client' | 'database'>,
  model: string,
  retrainId: string,
  say: Say,
): Promise<Retrain> {
  const run = client.workflow.getHandle(workflowIds.retrain(model));
  const closed = await followRun({
    client,
    run,
    look: async () => {
      const retrains = await listRetrains(database, model);
      return retrains.find(({ id, finishedAt }) => id === retrainId && finishedAt !== null);
    },
    step: async () => {
      const state = await run.query(retrainStateQuery);
      return state.retrainId === retrainId ? state.step : 'waiting for the retrain before it';
    },
    say,
  });
  if (closed.outcome === 'failed' || closed.outcome === 'cancelled') {
    // The run's own failure knows the code of the error; its row has the words only.
    await run.result();
    throw new TidegateError('INTERNAL', `retrain ${retrainId} ${closed.outcome}: ${closed.reason}`);
  }
  return closed;
}
