// Verifies one decision that was sent, and records it whether it is accepted or refused.
import { log } from '@temporalio/activity';
import { digestsApart } from '../domain/canonical-json.ts';
import {
  type Channel,
  type DecisionMessage,
  type DecisionResult,
  malformed,
} from '../domain/decisions/approval.ts';
import { MAX_TEXT, printableName, readableText, sameName } from '../domain/decisions/written-text.ts';
import { TidegateError } from '../domain/errors.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { type Evidence, findEvidence } from '../store/registry/evidence.ts';
import {
  findAcceptedDecision,
  findDecision,
  recordDecision,
  describeAcceptedDecision,
} from '../store/registry/decisions.ts';
import { getRetrain } from '../store/registry/retrains.ts';
import { getVersion } from '../store/registry/versions.ts';
import { type Database } from '../store/postgres/database.ts';
import { type ActivityDeps, currentRun } from './deps.ts';
import { type Notification, notifyActivities } from './notify.ts';

/** A decision on a version, taken from the queue of its release. */
export interface DecisionToVerify {
  readonly model: string;
  readonly version: number;
  /** The run and the position in its queue. */
  readonly request: string;
  readonly channel: Channel;
  readonly message: DecisionMessage;
}

/** The step that verifies a decision. */
export const decisionActivities = (deps: ActivityDeps) => ({
  /** Accepts or refuses a decision, and records it in either case. */
  async verifyDecision(input: DecisionToVerify): Promise<DecisionResult> {
    const existing = await findDecision(deps.database, input.request);
    const row = existing ?? (await verify(deps, input));
    const { decision, refusal } = row;
    return refusal === null ? { accepted: true, decision } : { accepted: false, decision, refusal };
  },
});

async function verify(deps: ActivityDeps, input: DecisionToVerify) {
  const { database } = deps;
  const refusal = await refusalOf(deps, input);
  // Malformed fields are recorded as far as possible, with unprintable characters escaped.
  const { message } = input;
  return recordDecision(database, {
    request: input.request,
    model: input.model,
    version: input.version,
    evidenceDigest: printableName(textOr(message.evidenceDigest, '')),
    decision: message.decision,
    actor: printableName(textOr(message.decidedBy, 'unknown')),
    authority: 'unverified',
    channel: input.channel,
    comment: readableText(textOr(message.comment, '')),
    refusal: refusal ?? null,
    ...currentRun(),
  });
}

const textOr = (value: unknown, otherwise: string): string =>
  // Postgres cannot store NUL in a text, and a row that cannot be written would block the whole release.
  typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT).replaceAll('\0', '') : otherwise;

/** Returns why a decision is refused; `undefined` if it is accepted. */
async function refusalOf(
  deps: ActivityDeps,
  { model, version, message }: DecisionToVerify,
): Promise<string | undefined> {
  const { database } = deps;
  const problem = malformed(message);
  if (problem !== undefined) return problem;
  if (message.version !== version)
    return `the decision names version ${message.version}, but version ${version} is pending here`;
  let evidence: Evidence | undefined;
  try {
    evidence = await findEvidence(database, model, version);
  } catch (error) {
    if (!(error instanceof TidegateError) || error.code !== 'EVIDENCE_CHANGED') throw error;
    await raiseAlarm(deps, { event: 'failed', model, version, message: `${error.code}: ${error.message}` });
    return `${error.code}: ${error.message}`;
  }
  return (
    refusedByState(evidence, message) ??
    (await refusedByEarlier(database, model, version)) ??
    (await refusedByIdentity(database, model, version, message))
  );
}

function refusedByState(evidence: Evidence | undefined, message: DecisionMessage): string | undefined {
  if (!evidence) return 'the evidence is not complete yet';
  if (evidence.digest !== message.evidenceDigest) {
    const [sent, pending] = digestsApart(message.evidenceDigest, evidence.digest);
    return `the decision names evidence ${sent}, but the pending evidence is ${pending}`;
  }
  return undefined;
}

async function refusedByEarlier(
  database: Database,
  model: string,
  version: number,
): Promise<string | undefined> {
  const earlier = await findAcceptedDecision(database, model, version);
  if (earlier) return describeAcceptedDecision(earlier);
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
    return `${requestedBy} requested this version and may not approve it`;
  }
  return undefined;
}

/**
 * Logs the alarm and sends a notification; a failure to send is only logged, so that the decision is still recorded.
 */
async function raiseAlarm(deps: ActivityDeps, alarm: Notification): Promise<void> {
  log.error(alarm.message, { ...alarm });
  try {
    await notifyActivities(deps).notify(alarm);
  } catch (error) {
    log.error('the alarm could not be sent', { error: String(error) });
  }
}
