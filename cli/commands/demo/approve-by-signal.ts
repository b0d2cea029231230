// Sends a decision on a pending version as a signal, and returns whether it was accepted.
import { setTimeout as delay } from 'node:timers/promises';
import { TidegateError } from '../../../domain/errors.ts';
import { type DecisionMessage, type DecisionResult } from '../../../domain/decisions/approval.ts';
import { listDecisions, type RecordedDecision } from '../../../store/registry/decisions.ts';
import { approveSignal, rejectSignal, workflowIds } from '../../../workflows/protocol/messages.ts';
import { type Services } from '../../shared/connections.ts';

type Needed = Pick<Services, 'client' | 'database'>;

/** How long to wait until a worker has recorded a decision that was sent as a signal, in milliseconds. */
const RECORDED_WITHIN_MS = 30_000;

/**
 * Sends a decision as a signal and waits for the row that records it.
 *
 * @throws TidegateError TEMPORAL_UNREACHABLE if no row appears in time
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
    `no worker recorded the signal within ${RECORDED_WITHIN_MS / 1_000} s; it may still take effect`,
    {
      remedy: `Check that a worker runs, then look at \`tidegate versions ${model}\`.`,
    },
  );
}

const isFrom = (row: RecordedDecision, { decision, decidedBy }: DecisionMessage): boolean =>
  row.channel === 'signal' && row.decision === decision && row.actor === decidedBy;
