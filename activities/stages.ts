// Moves a version between stages, by a rule or by a person's decision.
import { type Database } from '../store/postgres/database.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { findAcceptedDecision } from '../store/registry/decisions.ts';
import { evidenceDigestOf, findEvidence } from '../store/registry/evidence.ts';
import { candidateOf, getRetrain } from '../store/registry/retrains.ts';
import * as stageMoves from '../store/registry/stage-moves.ts';
import * as rollback from '../store/registry/roll-back.ts';
import { getGrant } from '../store/registry/grants.ts';
import { findVersionOfRetrain } from '../store/registry/versions.ts';
import { TidegateError } from '../domain/errors.ts';
import { type RollbackInput } from '../workflows/protocol/messages.ts';
import { type ActivityDeps, byRule, currentRun, requireName, requireText } from './deps.ts';

/**
 * Names the version to archive, by its number or by its retrain; the retrain may have failed before it trained a
 * version.
 */
export interface ArchiveInput {
  readonly model: string;
  readonly version?: number;
  readonly retrainId?: string;
  readonly reason: string;
  readonly detail: string;
}

/** The steps that move versions between stages. */
export const stageActivities = ({ database }: ActivityDeps) => ({
  /**
   * Moves a retrain's candidate from None to Staging. Archives a version that is already waiting in Staging; if the
   * policy keeps that version, the candidate is not moved.
   */
  async stageCandidate(input: {
    retrainId: string;
    detail: string;
  }): Promise<{ staged: boolean; superseded: number | null }> {
    const retrain = await getRetrain(database, input.retrainId);
    const { model } = retrain;
    const { definition } = await getDefinition(database, model);
    const { whilePending } = definition.promotion;
    return stageMoves.moveToStaging(database, model, candidateOf(retrain), byRule(), {
      whilePending,
      detail: input.detail,
    });
  },

  /**
   * Moves a version from None or Staging to Archived. A version that is named by its retrain must still be in None; if
   * it is not, or if the retrain has no version, does nothing.
   */
  async archiveCandidate(input: ArchiveInput): Promise<void> {
    const version = input.version ?? (await candidateInNone(database, input.retrainId));
    if (version === undefined) return;
    const digest = await evidenceDigestOf(database, input.model, version);
    await stageMoves.archive(database, input.model, version, byRule(digest), input.reason, input.detail);
  },

  /**
   * Moves a version from Staging to Production, with the approval of the person whose decision was accepted.
   *
   * @throws STALE_CHAMPION; EVIDENCE_CHANGED if the evidence is not what the person read
   */
  async promote({ model, version }: { model: string; version: number }): Promise<void> {
    const decision = await findAcceptedDecision(database, model, version);
    const evidence = await findEvidence(database, model, version);
    if (decision?.decision !== 'approve' || decision.evidenceDigest !== evidence?.digest) {
      throw new TidegateError('ILLEGAL_MOVE', `version ${version} of ${model} has no accepted approval`);
    }
    const { actor, authority, evidenceDigest, comment, grantId } = decision;
    const by = { actor, authority, evidenceDigest, grantId, ...currentRun() };
    await stageMoves.promote(database, model, version, evidence.championVersion, by, comment);
  },

  /**
   * Moves the champion from Production to Archived, and an earlier champion back to Production. Who asks for it is known
   * from the grant; without one it is recorded as the wish of `unverified`.
   *
   * @returns also the reason, if an admin did it in an emergency
   * @throws GRANT_REQUIRED if the policy of the version asks for a grant, or for the grants of more people
   */
  async rollBack(input: RollbackInput): Promise<{ from: number; to: number; breakGlass?: string }> {
    requireName('requestedBy', input.requestedBy);
    requireText('reason', input.reason);
    const { model, toVersion, grantId, grantIds = [] } = input;
    if (grantId === undefined) {
      const by = { actor: 'unverified', authority: 'unverified', evidenceDigest: null, ...currentRun() };
      const reason = `${input.reason} (said to be asked by ${input.requestedBy})`;
      return rollback.rollBack(database, model, toVersion, by, reason);
    }
    const {
      action,
      person: actor,
      via: authority,
      version,
      comment,
    } = await getGrant(database.kysely, grantId);
    if (version !== null && toVersion !== undefined && version !== toVersion) {
      throw new TidegateError(
        'GRANT_MISMATCH',
        `the grant of ${actor} is for version ${version}, and not for version ${toVersion}`,
      );
    }
    const by = { actor, authority, evidenceDigest: null, grantId, ...currentRun() };
    const target = version ?? toVersion;
    const detail = comment === '' ? input.reason : comment;
    const grants = [grantId, ...grantIds];
    const moved = await rollback.rollBack(database, model, target, by, detail, undefined, grants);
    return { ...moved, ...(action === 'break-glass' && { breakGlass: comment }) };
  },
});

/** The version to archive when a retrain fails. A version in Staging is left alone, because its release archives it. */
async function candidateInNone(
  database: Database,
  retrainId: string | undefined,
): Promise<number | undefined> {
  const made = retrainId === undefined ? undefined : await findVersionOfRetrain(database, retrainId);
  return made?.stage === 'None' ? made.version : undefined;
}
