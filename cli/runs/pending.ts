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
import { findAcceptedDecision } from '../../store/registry/decisions.ts';
import { type Evidence, findEvidence } from '../../store/registry/evidence.ts';
import { listComments, type VersionComment } from '../../store/registry/facts.ts';
import { describeRequester } from '../../store/registry/retrains.ts';
import { findVersionIn } from '../../store/registry/versions.ts';
import { describeHoldoutUse } from '../../domain/decisions/leak-proof.ts';
import { type ModelCard } from '../../domain/decisions/card/model-card.ts';
import { type ApiAccess, askApi } from '../shared/ask-api.ts';
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

/** The version that waits, as the API answers. */
interface PendingAnswer {
  readonly model: string;
  readonly version: number;
  readonly championVersion: number | null;
  readonly evidenceDigest: string;
  readonly expiresAt: string;
  readonly evidence: EvidenceBody;
  readonly comments: readonly (Omit<VersionComment, 'at' | 'id'> & { readonly at: string })[];
}

/**
 * Asks the API for the version to decide on: the requested one, or the one that waits for a decision.
 *
 * @throws TidegateError UNKNOWN_MODEL, UNKNOWN_VERSION; NOTHING_PENDING if it does not wait; DECISION_REFUSED if it was
 * decided before, with the person and the time
 */
export async function askPending(
  api: ApiAccess,
  model: string,
  asked: number | undefined,
): Promise<PendingToShow> {
  try {
    const answer = await askApi<PendingAnswer>(api, 'GET', ['models', model, 'pending']);
    if (asked === undefined || answer.version === asked) return fromAnswer(answer);
  } catch (error) {
    const isNothing = error instanceof TidegateError && error.code === 'NOTHING_PENDING';
    if (!isNothing || asked === undefined) throw error;
  }
  throw await whyNotPending(api, model, asked);
}

const fromAnswer = ({
  evidence,
  evidenceDigest,
  expiresAt,
  comments,
  ...rest
}: PendingAnswer): PendingToShow => ({
  ...rest,
  digest: evidenceDigest,
  expiresAt: new Date(expiresAt),
  body: { ...evidence, requestedBy: printableName(evidence.requestedBy) },
  comments: comments.map(({ at, ...comment }) => ({ ...comment, at: new Date(at) })),
});

async function whyNotPending(api: ApiAccess, model: string, version: number): Promise<TidegateError> {
  const path = ['models', model, 'versions', String(version), 'card'];
  const { stage, approval } = await askApi<Pick<ModelCard, 'stage' | 'approval'>>(api, 'GET', path);
  if (!approval) {
    const state = stage === 'Staging' ? 'is still being validated' : `is in ${stage}`;
    return new TidegateError(
      'NOTHING_PENDING',
      `version ${version} of ${model} ${state} and does not wait for a decision`,
      stage === 'Staging' ? { remedy: 'Try again in a moment; `tidegate status` shows its progress.' } : {},
    );
  }
  const decided = approval.decision === 'approve' ? 'approved' : 'rejected';
  return new TidegateError(
    'DECISION_REFUSED',
    `version ${version} was ${decided} by ${approval.actor} at ${approval.at}`,
    { remedy: `It is in ${stage}; \`tidegate versions ${model}\` lists all versions.` },
  );
}

/** What the command line prints about a version that waits. */
export type PendingToShow = Pick<
  Pending,
  'model' | 'version' | 'championVersion' | 'digest' | 'expiresAt' | 'body'
> & { readonly comments: readonly Omit<VersionComment, 'id'>[] };

/** Prints the AUC of candidate and champion in the deciding evaluation, a summary of the other one, and the digest. */
export function printPending(output: Output, pending: PendingToShow): void {
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
