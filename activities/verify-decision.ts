// Verifies one decision that was sent, and records it whatever becomes of it.
import { digestsApart } from '../domain/canonical-json.ts';
import {
  type Channel,
  type DecisionMessage,
  type DecisionResult,
  malformed,
} from '../domain/lifecycle/approval.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { type Evidence, findEvidence } from '../store/runs/evidence.ts';
import {
  findAcceptedDecision,
  findDecision,
  recordDecision,
  settledInWords,
} from '../store/runs/decisions.ts';
import { getRetrain } from '../store/runs/retrains.ts';
import { getVersion } from '../store/versions/versions.ts';
import { type Database } from '../store/database.ts';
import { type ActivityDeps, currentRun } from './deps.ts';

/** A decision on a version, as it came out of the queue of its release. */
export interface DecisionToVerify {
  readonly model: string;
  readonly version: number;
  /** Names the run and the place in its queue. */
  readonly request: string;
  readonly channel: Channel;
  readonly message: DecisionMessage;
}

/** The step that verifies a decision. */
export const decisionActivities = ({ database }: ActivityDeps) => ({
  /** Whether a decision counts; every one leaves a row. */
  async verifyDecision(input: DecisionToVerify): Promise<DecisionResult> {
    const existing = await findDecision(database, input.request);
    const row = existing ?? (await verify(database, input));
    const { decision, refusal } = row;
    return refusal === null ? { accepted: true, decision } : { accepted: false, decision, refusal };
  },
});

async function verify(database: Database, input: DecisionToVerify) {
  const refusal = await refusalOf(database, input);
  // What cannot be read is recorded as far as it can be.
  const { message } = input;
  return recordDecision(database, {
    request: input.request,
    model: input.model,
    version: input.version,
    evidenceDigest: textOr(message.evidenceDigest, ''),
    decision: message.decision,
    actor: textOr(message.decidedBy, 'unknown'),
    authority: 'unverified',
    channel: input.channel,
    comment: textOr(message.comment, ''),
    refusal: refusal ?? null,
    ...currentRun(),
  });
}

const textOr = (value: unknown, otherwise: string): string =>
  // Postgres holds no NUL in a text, and a row that cannot be written would hold up the whole release.
  typeof value === 'string' && value !== '' ? value.slice(0, 2_000).replaceAll('\0', '') : otherwise;

/** Why a decision does not count; `undefined` when it does. */
async function refusalOf(
  database: Database,
  { model, version, message }: DecisionToVerify,
): Promise<string | undefined> {
  const problem = malformed(message);
  if (problem !== undefined) return problem;
  if (message.version !== version)
    return `the decision names version ${message.version}, but ${version} waits here`;
  const evidence = await findEvidence(database, model, version);
  return (
    refusedByState(evidence, message) ??
    (await refusedByEarlier(database, model, version)) ??
    (await refusedByIdentity(database, model, version, message))
  );
}

function refusedByState(evidence: Evidence | undefined, message: DecisionMessage): string | undefined {
  if (!evidence) return 'the evidence is not complete yet';
  if (evidence.digest !== message.evidenceDigest) {
    const [sent, waits] = digestsApart(message.evidenceDigest, evidence.digest);
    return `the decision rests on evidence ${sent}, but ${waits} is what waits`;
  }
  return undefined;
}

async function refusedByEarlier(
  database: Database,
  model: string,
  version: number,
): Promise<string | undefined> {
  const earlier = await findAcceptedDecision(database, model, version);
  if (earlier) return settledInWords(earlier);
  const { stage } = await getVersion(database, model, version);
  return stage === 'Staging' ? undefined : `version ${version} is in ${stage} and not in Staging`;
}

async function refusedByIdentity(
  database: Database,
  model: string,
  version: number,
  message: DecisionMessage,
): Promise<string | undefined> {
  const { definition } = await getDefinition(database, model);
  if (definition.promotion.unverifiedSignals === 'refuse') {
    return 'the sender was not authenticated, and promotion.unverifiedSignals refuses such decisions';
  }
  const { retrainId } = await getVersion(database, model, version);
  const { requestedBy } = await getRetrain(database, retrainId);
  if (message.decision === 'approve' && sameName(requestedBy, message.decidedBy)) {
    return `${requestedBy} asked for this version and may not approve it`;
  }
  return undefined;
}

const sameName = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();
