// A decision on a pending version, sent by update or by signal, and what became of it.
import { setTimeout as delay } from 'node:timers/promises';
import { temporalDecisionGate } from '../../api/context/decision-gate.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type DecisionMessage, type DecisionResult } from '../../domain/decisions/approval.ts';
import { listDecisions, type RecordedDecision } from '../../store/registry/decisions.ts';
import { approveSignal, rejectSignal, workflowIds } from '../../workflows/protocol/messages.ts';
import { type Services } from '../shared/connections.ts';

type Needed = Pick<Services, 'client' | 'database'>;

/**
 * Sends a decision as an update, which answers whether it counted.
 *
 * @throws TidegateError NOTHING_PENDING where the release has ended; TEMPORAL_UNREACHABLE where no worker answers
 */
export async function decideByUpdate(
  { client, database }: Needed,
  model: string,
  message: DecisionMessage,
): Promise<DecisionResult> {
  const result = await temporalDecisionGate(client, database).decide(model, message.version, message);
  if (!result) throw nothingPending(model, message.version);
  return result;
}

/** How long a worker may take to record a decision that was sent as a signal. */
const RECORDED_WITHIN_MS = 30_000;

/**
 * Sends a decision as a signal and waits for the row that it leaves.
 *
 * @throws TidegateError TEMPORAL_UNREACHABLE where no row appears
 */
export async function decideBySignal(
  { client, database }: Needed,
  model: string,
  message: DecisionMessage,
): Promise<DecisionResult> {
  const { version, decision, ...rest } = message;
  const before = await listDecisions(database, model, version);
  const known = new Set(before.map(({ request }) => request));
  const signal = decision === 'approve' ? approveSignal : rejectSignal;
  await client.workflow.getHandle(workflowIds.release(model, version)).signal(signal, { version, ...rest });

  const deadline = performance.now() + RECORDED_WITHIN_MS;
  while (performance.now() < deadline) {
    const rows = await listDecisions(database, model, version);
    const own = rows.find((row) => !known.has(row.request) && isFrom(row, message));
    if (own)
      return own.refusal === null
        ? { accepted: true, decision }
        : { accepted: false, decision, refusal: own.refusal };
    await delay(100);
  }
  throw new TidegateError(
    'TEMPORAL_UNREACHABLE',
    `no worker recorded the signal within ${RECORDED_WITHIN_MS / 1_000} s; it may still count`,
    {
      remedy: `Check that a worker runs, then look at \`tidegate versions ${model}\`.`,
    },
  );
}

const isFrom = (row: RecordedDecision, { decision, decidedBy }: DecisionMessage): boolean =>
  row.channel === 'signal' && row.decision === decision && row.actor === decidedBy;

const nothingPending = (model: string, version: number): TidegateError =>
  new TidegateError(
    'NOTHING_PENDING',
    `version ${version} of ${model} does not wait for a decision any more`,
  );
