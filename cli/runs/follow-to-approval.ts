// From a retrain that was asked for to a version that waits for a person.
import { findComparison } from '../../store/registry/comparisons.ts';
import { type Retrain } from '../../store/registry/retrains.ts';
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
  /** It was refused because a judgement that was due could not be made: the command that asked for it failed. */
  readonly isJudgementFailed: boolean;
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
  if (outcome !== 'staged' || candidateVersion === null) {
    return { retrain, pending: null, isJudgementFailed: await lacksJudgement(services, retrain) };
  }
  const validated = await followValidation(services, model, candidateVersion, say);
  const pending = 'evidence' in validated ? asPending(validated.evidence) : null;
  return { retrain, pending, isJudgementFailed: false };
}

/** Whether a retrain was refused because a judgement could not be made: before training, by the decision, or uncompared. */
export async function lacksJudgement(
  { database }: Pick<Services, 'database'>,
  { model, outcome, reason, candidateVersion }: Retrain,
): Promise<boolean> {
  if (outcome !== 'refused') return false;
  if (candidateVersion === null) return reason?.startsWith('JUDGEMENT_FAILED') ?? false;
  const comparison = await findComparison(database, model, candidateVersion);
  return !comparison?.decision || comparison.decision.outcome === 'judgement failed';
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
