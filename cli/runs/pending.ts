// The version that waits for a decision, with the evidence it rests on.
import { type ComparisonBody } from '../../domain/decisions/comparison-body.ts';
import { type PromotionDecision } from '../../domain/decisions/decide-promotion.ts';
import { printableName } from '../../domain/decisions/written-text.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { findAcceptedDecision, settledInWords } from '../../store/registry/decisions.ts';
import { type Evidence, findEvidence } from '../../store/registry/evidence.ts';
import { findVersionIn, getVersion } from '../../store/registry/versions.ts';

/** What evidence holds, as far as the command line shows it. */
export interface EvidenceBody {
  readonly summary: string;
  readonly requestedBy: string;
  readonly comparison: ComparisonBody;
  readonly decision?: PromotionDecision | null;
}

/** A version to decide on. */
export interface Pending extends Omit<Evidence, 'body'> {
  readonly body: EvidenceBody;
}

/** Evidence as the command line reads it. */
export function asPending(evidence: Evidence): Pending {
  const body = evidence.body as EvidenceBody;
  // Evidence from before names were checked may hold anything.
  return { ...evidence, body: { ...body, requestedBy: printableName(body.requestedBy) } };
}

/** The version that waits; undefined where none does, its validation still runs, or it has been decided. */
export async function findPending(database: Database, model: string): Promise<Pending | undefined> {
  const staged = await findVersionIn(database, model, 'Staging');
  const evidence = staged && (await findEvidence(database, model, staged.version));
  if (!evidence || (await findAcceptedDecision(database, model, evidence.version))) return undefined;
  return asPending(evidence);
}

/**
 * The version to decide on: the one asked for, or the one that waits.
 *
 * @throws TidegateError UNKNOWN_MODEL, UNKNOWN_VERSION; NOTHING_PENDING where none waits; DECISION_REFUSED where it was
 * decided before, saying by whom and when
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
    throw new TidegateError('DECISION_REFUSED', settledInWords(decided), {
      remedy: `It is in ${stage}; \`tidegate versions ${model}\` lists what waits.`,
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
      remedy: 'Try again in a moment; `tidegate status` says where it stands.',
    });
  }
  return asPending(evidence);
}
