// Sends a person's decision to the release that waits for it, for the route and for the page of a version.
import { type FastifyRequest } from 'fastify';
import { TidegateError } from '../../domain/errors.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { type Database } from '../../store/postgres/database.ts';
import {
  findAcceptedDecision,
  type RecordedDecision,
  recordUnsent,
  type SentDecision,
  describeAcceptedDecision,
} from '../../store/registry/decisions.ts';
import { closeGrant } from '../../store/registry/grants.ts';
import { getVersion } from '../../store/registry/versions.ts';
import { workflowIds } from '../../workflows/protocol/messages.ts';
import { mayStillCount } from './decision-gate.ts';
import { DecisionTurns } from './decision-turns.ts';
import { authorOf } from './granted.ts';
import { type ApiDeps } from './types.ts';

/** A decision as a person sends it. */
export interface DecisionToSend {
  readonly version: number;
  readonly evidenceDigest: string;
  readonly decision: 'approve' | 'reject';
  readonly comment: string;
  /** The claimed name, which counts only if TIDEGATE_AUTH is off. */
  readonly decidedBy?: string | undefined;
}

/** An accepted decision. */
export interface AcceptedDecision {
  readonly decision: 'approve' | 'reject';
  readonly decidedBy: string;
  /** Whether the person had requested the version, which the policy must allow. */
  readonly selfApproved: boolean;
  /** False while more people have to agree. */
  readonly settles: boolean;
  /** How many people have agreed so far, and how many have to; only while the wait goes on. */
  readonly people?: number;
  readonly needed?: number;
}

/**
 * Sends a decision in the name of the caller and waits until the release has accepted it.
 *
 * @throws TidegateError UNKNOWN_MODEL, UNKNOWN_VERSION, DECISION_REFUSED, NOTHING_PENDING, TOO_MANY_DECISIONS,
 * TEMPORAL_UNREACHABLE
 */
export type SendDecision = (
  request: Pick<FastifyRequest, 'caller'>,
  model: string,
  sent: DecisionToSend,
) => Promise<AcceptedDecision>;

/** Returns the function that sends decisions. A process has one, because it limits how many are under way. */
export function decisionSender({ database, gate }: Pick<ApiDeps, 'database' | 'gate'>): SendDecision {
  const turns = new DecisionTurns();
  return async (request, model, given) => {
    const { version, evidenceDigest, decision, comment } = given;
    await getDefinition(database, model);
    await getVersion(database, model, version);
    const scope = { action: decision, model, version, evidenceDigest };
    const said = { reason: comment, requestedBy: given.decidedBy };
    const { actor: decidedBy, grantId } = await authorOf(database, request, scope, said, {
      field: 'decidedBy',
    });
    const message = { ...given, decidedBy, ...(grantId !== null && { grantId }) };
    const sent: SentDecision = { model, version, evidenceDigest, decision, comment, decidedBy, grantId };
    try {
      const result = await turns
        .take(`version ${version} of ${model}`, async () => {
          // Another decision may have been accepted while this one waited; the run would refuse this one too.
          const settled = await findAcceptedDecision(database, model, version);
          if (settled) throw await refuseSettled(database, sent, settled);
          return gate.decide(model, version, message);
        })
        .catch(async (error: unknown) => {
          throw await recordTooMany(database, sent, error);
        });
      if (!result) throw await whyClosed(database, sent);
      if (!result.accepted)
        throw new TidegateError('DECISION_REFUSED', result.refusal ?? 'the decision was refused');
      const { settles = true, selfApproved = false, people, needed } = result;
      return {
        decision: result.decision,
        decidedBy,
        selfApproved,
        settles,
        ...(people !== undefined && needed !== undefined && { people, needed }),
      };
    } catch (error) {
      // Nobody may use the grant of a decision that was refused, unless a worker may still verify that decision.
      if (grantId !== null && !mayStillCount(error)) await closeGrant(database, grantId, String(error));
      throw error;
    }
  };
}

/** Records a decision that came after the version was settled, because every decision must leave a row. */
async function refuseSettled(
  database: Database,
  sent: SentDecision,
  settled: RecordedDecision,
): Promise<TidegateError> {
  const refusal = describeAcceptedDecision(settled);
  await recordUnsent(database, sent, refusal, settled);
  return new TidegateError('DECISION_REFUSED', refusal);
}

/** Records a decision whose turn did not come. */
async function recordTooMany(database: Database, sent: SentDecision, error: unknown): Promise<unknown> {
  if (error instanceof TidegateError && error.code === 'TOO_MANY_DECISIONS') {
    const workflowId = workflowIds.release(sent.model, sent.version);
    await recordUnsent(database, sent, error.message, { workflowId, runId: 'not sent' });
  }
  return error;
}

/** Builds the error for a version without an open release: it was decided, ended in another way, or never began. */
async function whyClosed(database: Database, sent: SentDecision): Promise<TidegateError> {
  const { model, version } = sent;
  const decided = await findAcceptedDecision(database, model, version);
  if (decided) return refuseSettled(database, sent, decided);
  const { stage } = await getVersion(database, model, version);
  const state = stage === 'None' ? 'has not reached Staging' : `is in ${stage}`;
  return new TidegateError(
    'NOTHING_PENDING',
    `version ${version} of ${model} ${state} and is not waiting for a decision`,
  );
}
