// The result of a retrain that was followed: how it is read and printed.
import { type Retrain, getRetrain } from '../../store/registry/retrains.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { type Config } from '../shared/config.ts';
import { withDatabase } from '../shared/connections.ts';
import { type ApiAccess, follow, type Following } from '../shared/ask-api.ts';
import { type Output } from '../output/output.ts';
import { approveCommand, asPending, type Pending, pendingJson, printPending } from './pending.ts';

/** The result of a retrain that was followed. */
export interface Followed {
  readonly retrain: Retrain;
  /** The version that waits for a decision; null if the candidate was refused or failed its validation. */
  readonly pending: Pending | null;
  /** True if the candidate was refused because a required judgement failed; the command then exits with 1. */
  readonly isJudgementFailed: boolean;
}

/** Follows a retrain until its version waits for approval or was refused. */
export async function followRetrain(
  config: Config,
  api: ApiAccess,
  { model, retrainId }: { readonly model: string; readonly retrainId: string },
  following: Following,
): Promise<Followed> {
  const { version, evidenceDigest, isJudgementFailed } = await follow<{
    readonly version: number | null;
    readonly evidenceDigest: string | null;
    readonly isJudgementFailed: boolean;
  }>(api, model, { run: 'retrain', retrainId }, following);
  return withDatabase(config, async (database) => {
    const evidence =
      evidenceDigest === null || version === null ? undefined : await findEvidence(database, model, version);
    return {
      retrain: await getRetrain(database, retrainId),
      pending: evidence ? asPending(evidence) : null,
      isJudgementFailed,
    };
  });
}

/** Prints the result of a retrain, and how to approve the version that waits. */
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

/** The result of a retrain as JSON. */
export const followedJson = ({ retrain, pending }: Followed) => ({
  retrainId: retrain.id,
  outcome: retrain.outcome,
  version: retrain.candidateVersion,
  reason: retrain.reason,
  summary: retrain.summary,
  pending: pending && pendingJson(pending),
});
