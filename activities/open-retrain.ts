// Opens and closes retrains.
import { type RetrainRequest } from '../workflows/protocol/messages.ts';
import * as retrains from '../store/registry/retrains.ts';
import { type ActivityDeps, currentRun, requireName } from './deps.ts';

/** The steps that open and close a retrain. */
export const retrainActivities = ({ database }: ActivityDeps) => ({
  /**
   * Opens the requested retrain, with the grant of the person who asks for it; `alreadyClosed` is true if the retrain has
   * already run to its end.
   *
   * @throws UNKNOWN_GRANT, GRANT_MISMATCH, GRANT_USED, GRANT_EXPIRED
   */
  async openRetrain({ retrainId, asOf, ...request }: RetrainRequest): Promise<{ alreadyClosed: boolean }> {
    requireName('requestedBy', request.requestedBy);
    const retrain = await retrains.openRetrain(database, {
      ...request,
      id: retrainId,
      asOf: asOf === null ? null : new Date(asOf),
      ...currentRun(),
    });
    return { alreadyClosed: retrain.finishedAt !== null };
  },

  /** Closes a retrain with its outcome. */
  async closeRetrain(end: {
    retrainId: string;
    outcome: string;
    reason: string;
    summary: string;
  }): Promise<void> {
    const { retrainId, ...rest } = end;
    await retrains.closeRetrain(database, retrainId, rest);
  },
});
