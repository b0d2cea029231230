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
  countAgreeing,
  describeAcceptedDecision,
  findAcceptedDecision,
  findDecision,
  findDecisionOfGrant,
  recordDecision,
  type RecordedDecision,
} from '../store/registry/decisions.ts';
import { getGrant, type Grant, mismatch } from '../store/registry/grants.ts';
import { type NewNotice, requestNotice } from '../store/registry/notice-requests.ts';
import { getRetrain } from '../store/registry/retrains.ts';
import { findArchiving } from '../store/registry/stage-moves.ts';
import { type VersionRef } from '../store/registry/wanted-versions.ts';
import { getVersion } from '../store/registry/versions.ts';
import { type Database } from '../store/postgres/database.ts';
import { type ActivityDeps, currentRun } from './deps.ts';

/** A decision on a version, taken from the queue of its release. */
export interface DecisionToVerify {
  readonly model: string;
  readonly version: number;
  /** The run and the position in its queue. */
  readonly request: string;
  readonly channel: Channel;
  readonly message: DecisionMessage;
  /** False if a refusal leaves no row, because the release has been refused so often already. @default true */
  readonly writeRefusal?: boolean;
}

/** How a version stands in the database. */
export interface Standing {
  /** The decision that settled it; null while it waits. */
  readonly settled: NonNullable<DecisionResult['settled']> | null;
  /** Why it was archived, if it was; `supersededBy` is the version that took its place in Staging, if one did. */
  readonly archived: {
    readonly reason: string;
    readonly detail: string;
    readonly supersededBy: number | null;
  } | null;
}

/** The step that verifies a decision. */
export const decisionActivities = (deps: ActivityDeps) => ({
  /** Accepts or refuses a decision, and records it in either case. */
  async verifyDecision(input: DecisionToVerify): Promise<DecisionResult> {
    const existing = await findDecision(deps.database, input.request);
    const row = existing ?? (await verify(deps, input));
    return resultOf(deps.database, row);
  },

  /**
   * Reads whether a version was settled or archived: a release that starts or resumes asks this first, and when somebody
   * says that a newer version took its place.
   */
  async readStanding({ model, version }: VersionRef): Promise<Standing> {
    const { database } = deps;
    const settled = await findAcceptedDecision(database, model, version);
    const archived = await findArchiving(database, { model, version });
    return { settled: settled ? settledBy(settled) : null, archived: archived ?? null };
  },
});

type Answer = Pick<
  RecordedDecision,
  'model' | 'version' | 'decision' | 'refusal' | 'actor' | 'settles' | 'grantId' | 'comment'
> &
  Partial<Pick<RecordedDecision, 'selfApproved' | 'breakGlass'>>;

/** Builds the answer to the sender, and to the release how the wait stands after this decision. */
async function resultOf(database: Database, row: Answer): Promise<DecisionResult> {
  const { model, version, decision, refusal, actor, settles } = row;
  if (refusal !== null) {
    const settled = await findAcceptedDecision(database, model, version);
    return { accepted: false, decision, refusal, ...(settled && { settled: settledBy(settled) }) };
  }
  const isGranted = row.grantId !== null && {
    decidedBy: actor,
    ...(row.selfApproved && { selfApproved: true as const }),
    ...(row.breakGlass && { breakGlass: row.comment }),
  };
  if (settles) return { accepted: true, decision, ...isGranted };
  const people = await countAgreeing(database, row);
  const policy = (await findEvidence(database, model, version))?.policy;
  return { accepted: true, decision, ...isGranted, settles: false, people, needed: policy?.approvals ?? 1 };
}

const settledBy = ({ decision, actor, comment }: RecordedDecision) =>
  ({ kind: decision === 'approve' ? 'approved' : 'rejected', decidedBy: actor, comment }) as const;

async function verify(deps: ActivityDeps, input: DecisionToVerify): Promise<Answer> {
  const { database } = deps;
  const { message } = input;
  const { grant, problem } = await grantOf(database, input);
  // The same grant gets the same answer, whichever run asks: a reset gives the run another id.
  const earlier = grant?.consumed && (await findDecisionOfGrant(database, grant.id));
  if (earlier) return earlier;
  const refusal = problem ?? (await refusalOf(deps, input, grant));
  // Malformed fields are recorded as far as possible, with unprintable characters escaped.
  const sent = {
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
  } as const;
  if (refusal !== undefined && input.writeRefusal === false) {
    return { ...sent, refusal, grantId: null, settles: false };
  }
  if (!grant || problem !== undefined) return recordDecision(database, sent);
  const { person: actor, via: authority, comment } = grant;
  try {
    return await recordDecision(database, { ...sent, actor, authority, comment }, grant);
  } catch (error) {
    const code = error instanceof TidegateError ? error.code : undefined;
    // Another run has used it for this decision at the same moment.
    if (code === 'GRANT_USED') return (await findDecisionOfGrant(database, grant.id)) ?? refuse(error);
    if (code === 'GRANT_EXPIRED') return refuse(error);
    throw error;
  }

  function refuse(error: unknown): Promise<RecordedDecision> {
    const { code, message: why } = error as TidegateError;
    return recordDecision(database, { ...sent, refusal: `${code}: ${why}` });
  }
}

/** Returns the grant that a message names, and why it does not allow this decision, if so. */
async function grantOf(
  database: Database,
  { model, version, message }: DecisionToVerify,
): Promise<{ grant?: Grant; problem?: string }> {
  const { grantId, evidenceDigest, decision, comment, decidedBy } = message;
  if (grantId === undefined) return {};
  let grant: Grant;
  try {
    grant = await getGrant(database.kysely, grantId);
  } catch (error) {
    if (!(error instanceof TidegateError) || error.code !== 'UNKNOWN_GRANT') throw error;
    return { problem: `${error.code}: ${error.message}` };
  }
  const action = grant.action === 'break-glass' && decision === 'approve' ? 'break-glass' : decision;
  const other = mismatch(grant, { action, model, version, evidenceDigest });
  if (other !== undefined) return { grant, problem: `GRANT_MISMATCH: ${other}` };
  if (decidedBy !== undefined && !sameName(String(decidedBy), grant.person)) {
    return {
      grant,
      problem: `GRANT_MISMATCH: the grant is of ${grant.person}, and decidedBy names another person`,
    };
  }
  if (comment !== undefined && comment !== '' && comment !== grant.comment) {
    return { grant, problem: `GRANT_MISMATCH: the grant of ${grant.person} is for another comment` };
  }
  return { grant };
}

const textOr = (value: unknown, otherwise: string): string =>
  // Postgres cannot store NUL in a text, and a row that cannot be written would block the whole release.
  typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT).replaceAll('\0', '') : otherwise;

/** Returns why a decision is refused; `undefined` if it is accepted. */
async function refusalOf(
  deps: ActivityDeps,
  { model, version, message }: DecisionToVerify,
  grant: Grant | undefined,
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
    await raiseAlarm(database, {
      event: 'failed',
      model,
      version,
      message: `${error.code}: ${error.message}`,
    });
    return `${error.code}: ${error.message}`;
  }
  return (
    refusedByState(evidence, message) ??
    (await refusedByEarlier(database, model, version)) ??
    (grant ? undefined : await refusedByIdentity(database, evidence, message))
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

/**
 * Refuses a decision of somebody who was not authenticated: evidence of earlier releases has no policy, and keeps that of
 * the definition. What a grant allows is checked by the database.
 */
async function refusedByIdentity(
  database: Database,
  evidence: Evidence | undefined,
  message: DecisionMessage,
): Promise<string | undefined> {
  if (!evidence) return undefined;
  const { model, version } = evidence;
  const policy = evidence.policy ?? (await getDefinition(database, model)).definition.promotion;
  if (policy.unverifiedSignals === 'refuse') {
    return 'the sender was not authenticated, and promotion.unverifiedSignals refuses such decisions';
  }
  const { retrainId } = await getVersion(database, model, version);
  const { requestedBy, claimedBy, grantId } = await getRetrain(database, retrainId);
  // Without a grant the run counts as requested by the person who last applied the model. The name that its message gave only
  // ever refuses.
  const { appliedBy } = await getDefinition(database, model);
  const requesters = grantId === null ? [requestedBy, claimedBy ?? '', appliedBy] : [requestedBy];
  const same = requesters.find((name) => sameName(name, message.decidedBy ?? ''));
  return message.decision === 'approve' && same !== undefined
    ? `${same} requested this version and may not approve it`
    : undefined;
}

/** Logs the alarm and asks for a notification; if that fails, the decision is recorded nevertheless. */
async function raiseAlarm({ kysely }: Database, alarm: NewNotice): Promise<void> {
  log.error(alarm.message, { ...alarm });
  try {
    await requestNotice(kysely, { ...alarm, run: currentRun() });
  } catch (error) {
    log.error('the alarm could not be sent', { error: String(error) });
  }
}
