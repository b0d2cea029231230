// From a retrain that was asked for to a version that waits for a person.
import { type Retrain } from '../../store/runs/retrains.ts';
import { type Services } from '../connections.ts';
import { type Output } from '../output/output.ts';
import { type Say } from './follow-run.ts';
import { asPending, type Pending } from './pending.ts';
import { approveCommand, pendingJson, printPending } from './print-pending.ts';
import { followValidation } from './release-run.ts';
import { followRetrain } from './retrain-run.ts';

/** What a retrain came to. */
export interface Followed {
  readonly retrain: Retrain;
  /** The version that waits for a decision; null where the candidate was refused or failed its validation. */
  readonly pending: Pending | null;
}

/** Follows a retrain, and the validation of its candidate where it reached Staging. */
export async function followToApproval(
  services: Services,
  model: string,
  retrainId: string,
  say: Say,
): Promise<Followed> {
  const retrain = await followRetrain(services, model, retrainId, say);
  const { candidateVersion, outcome } = retrain;
  if (outcome !== 'staged' || candidateVersion === null) return { retrain, pending: null };
  const validated = await followValidation(services, model, candidateVersion, say);
  return { retrain, pending: 'evidence' in validated ? asPending(validated.evidence) : null };
}

/** Prints what a retrain came to, and how to approve what waits. */
export function printFollowed(output: Output, { retrain, pending }: Followed): void {
  output.line(retrain.summary ?? `retrain ${retrain.id}: ${retrain.outcome}`);
  if (!pending) {
    if (retrain.outcome === 'staged') {
      output.line(
        `version ${retrain.candidateVersion} failed its validation and was archived: \`tidegate versions ${retrain.model}\``,
      );
    }
    return;
  }
  output.line();
  output.heading(`Version ${pending.version} waits for a decision`);
  printPending(output, pending);
  output.line(`approve it with: ${approveCommand(pending)}`);
}

/** What a retrain came to, for a JSON answer. */
export const followedJson = ({ retrain, pending }: Followed) => ({
  retrainId: retrain.id,
  outcome: retrain.outcome,
  version: retrain.candidateVersion,
  reason: retrain.reason,
  summary: retrain.summary,
  pending: pending && pendingJson(pending),
});
