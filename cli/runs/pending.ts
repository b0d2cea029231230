// The version that waits for a decision, with its evidence.
import {
  type ComparisonBody,
  evaluationsOf,
  describeOtherEvaluation,
} from '../../domain/decisions/comparison-body.ts';
import { type PromotionDecision } from '../../domain/decisions/decide-promotion.ts';
import { printableName, readableText } from '../../domain/decisions/written-text.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { findAcceptedDecision, describeAcceptedDecision } from '../../store/registry/decisions.ts';
import { type Evidence, findEvidence } from '../../store/registry/evidence.ts';
import { listComments, type VersionComment } from '../../store/registry/facts.ts';
import { describeRequester } from '../../store/registry/retrains.ts';
import { findVersionIn, getVersion } from '../../store/registry/versions.ts';
import { describeHoldoutUse } from '../../domain/decisions/leak-proof.ts';
import { interval, minute, pValue } from '../output/format.ts';
import { type Output } from '../output/output.ts';

/** How many comments are shown with a version that waits, the newest. */
const MAX_SHOWN = 20;

/** The parts of the evidence that the command line shows. */
export interface EvidenceBody {
  readonly summary: string;
  readonly requestedBy: string;
  /** The name that an unverified request gave; absent if it gave none. */
  readonly claimedBy?: string;
  readonly comparison: ComparisonBody;
  readonly decision?: PromotionDecision | null;
}

/** A version that waits for a decision. */
export interface Pending extends Omit<Evidence, 'body'> {
  readonly body: EvidenceBody;
  /** What people wrote about the version, oldest first. */
  readonly comments: readonly VersionComment[];
}

/** Reads evidence for the command line. */
export function asPending(evidence: Evidence, comments: readonly VersionComment[] = []): Pending {
  const body = evidence.body as EvidenceBody;
  // Earlier releases did not check the requester's name, so in their evidence it may contain any characters.
  const { requestedBy, claimedBy } = body;
  return {
    ...evidence,
    comments,
    body: {
      ...body,
      requestedBy: printableName(requestedBy),
      ...(claimedBy !== undefined && { claimedBy: printableName(claimedBy) }),
    },
  };
}

/** Returns the version that waits; undefined if there is none, it is still being validated, or it was decided. */
export async function findPending(database: Database, model: string): Promise<Pending | undefined> {
  const staged = await findVersionIn(database, model, 'Staging');
  const evidence = staged && (await findEvidence(database, model, staged.version));
  if (!evidence || (await findAcceptedDecision(database, model, evidence.version))) return undefined;
  return asPending(evidence, await listComments(database, model, evidence.version, MAX_SHOWN));
}

/**
 * Returns the version to decide on: the requested one, or the one that waits for a decision.
 *
 * @throws TidegateError UNKNOWN_MODEL, UNKNOWN_VERSION; NOTHING_PENDING if it does not wait; DECISION_REFUSED if it was
 * decided before, with the person and the time
 */
export async function getPending(
  database: Database,
  model: string,
  asked: number | undefined,
): Promise<Pending> {
  await getDefinition(database, model);
  const version = asked ?? (await findVersionIn(database, model, 'Staging'))?.version;
  if (version === undefined)
    throw new TidegateError('NOTHING_PENDING', `no version of ${model} waits for a decision`);
  const { stage } = await getVersion(database, model, version);
  const decided = await findAcceptedDecision(database, model, version);
  if (decided) {
    throw new TidegateError('DECISION_REFUSED', describeAcceptedDecision(decided), {
      remedy: `It is in ${stage}; \`tidegate versions ${model}\` lists all versions.`,
    });
  }
  if (stage !== 'Staging') {
    throw new TidegateError(
      'NOTHING_PENDING',
      `version ${version} of ${model} is in ${stage} and does not wait for a decision`,
    );
  }
  const evidence = await findEvidence(database, model, version);
  if (!evidence) {
    throw new TidegateError('NOTHING_PENDING', `version ${version} of ${model} is still being validated`, {
      remedy: 'Try again in a moment; `tidegate status` shows its progress.',
    });
  }
  return asPending(evidence, await listComments(database, model, version, MAX_SHOWN));
}

/** Prints the AUC of candidate and champion in the deciding evaluation, a summary of the other one, and the digest. */
export function printPending(output: Output, pending: Pending): void {
  const { version, championVersion, body, digest, expiresAt, comments } = pending;
  const { judged, decides, other } = evaluationsOf(body.comparison);
  const comparedWith = championVersion === null ? 'class prior' : `champion v${championVersion}`;
  output.table({
    head: [`on ${decides.rows} ${decides.where}`, 'AUC'],
    rows: [
      [`candidate v${version}`, interval(decides.candidateAuc, decides.championAuc.value)],
      [comparedWith, interval(decides.championAuc, decides.candidateAuc.value)],
      ['difference', `${interval(decides.difference)}, p ${pValue(decides.difference.p)}`],
    ],
  });
  const { holdout } = body.comparison;
  output.line(
    `decided by ${judged.by}: ${judged.why}${describeOtherEvaluation(other)}${holdout ? `; ${describeHoldoutUse(holdout)}` : ''}`,
  );
  for (const alarm of body.decision?.alarms ?? []) output.line(`alarm: ${alarm}`);
  for (const { actor, at, text } of comments) {
    // Indented, so that a line of the comment cannot look like a line of this command.
    output.line(
      `comment by ${actor} at ${minute(at)} UTC:\n  ${readableText(text).replaceAll(/\r?\n/g, '\n  ')}`,
    );
  }
  output.line(
    `requested by ${describeRequester(body)}; evidence ${digest.slice(0, 12)}…; expires ${minute(expiresAt)} UTC`,
  );
}

/** The command that approves a version. */
export const approveCommand = ({ model, version }: Pick<Pending, 'model' | 'version'>): string =>
  `tidegate approve ${model} ${version}`;

/** The version that waits as JSON; the numbers are those of the evaluation that decided. */
export function pendingJson({ version, championVersion, digest, expiresAt, body, comments }: Pending) {
  const { judged, decides, other } = evaluationsOf(body.comparison);
  return {
    version,
    championVersion,
    evidenceDigest: digest,
    expiresAt,
    requestedBy: body.requestedBy,
    ...(body.claimedBy !== undefined && { claimedBy: body.claimedBy }),
    judgedBy: judged.by,
    candidateAuc: decides.candidateAuc,
    championAuc: decides.championAuc,
    difference: decides.difference,
    other: other && { by: other.by, candidateAuc: other.candidateAuc, championAuc: other.championAuc },
    alarms: body.decision?.alarms ?? [],
    comments,
  };
}
