// Approves a version by a signal that carries a grant, as somebody does from the Temporal UI.
import { setTimeout as delay } from 'node:timers/promises';
import { TidegateError } from '../../../domain/errors.ts';
import { findDecisionOfGrant } from '../../../store/registry/decisions.ts';
import { approveSignal, type SignalledDecision, workflowIds } from '../../../workflows/protocol/messages.ts';
import { type ApiAccess, askApi } from '../../shared/ask-api.ts';
import { type Services } from '../../shared/connections.ts';

/** How long to wait until a worker has recorded a decision that was sent as a signal, in milliseconds. */
const RECORDED_WITHIN_MS = 30_000;

/**
 * Gets a grant from the API, sends it as the signal `approve`, and waits for the row that records the decision.
 *
 * @returns the signal's input
 * @throws TidegateError DECISION_REFUSED; TEMPORAL_UNREACHABLE if no row appears in time
 */
export async function approveBySignal(
  { client, database }: Pick<Services, 'client' | 'database'>,
  api: ApiAccess,
  { model, version, comment }: { readonly model: string; readonly version: number; readonly comment: string },
): Promise<SignalledDecision & { readonly grantId: string }> {
  const { grantId, message } = await askApi<{
    readonly grantId: string;
    readonly message: SignalledDecision;
  }>(api, 'POST', ['models', model, 'grants'], { action: 'approve', version, comment });
  await client.workflow.getHandle(workflowIds.release(model, version)).signal(approveSignal, message);
  const deadline = performance.now() + RECORDED_WITHIN_MS;
  while (performance.now() < deadline) {
    const row = await findDecisionOfGrant(database, grantId);
    if (row?.accepted) return { ...message, grantId };
    if (row) throw new TidegateError('DECISION_REFUSED', row.refusal ?? 'the decision was refused');
    await delay(100);
  }
  throw new TidegateError(
    'TEMPORAL_UNREACHABLE',
    `no worker recorded the signal within ${RECORDED_WITHIN_MS / 1_000} s; it may still take effect`,
    { remedy: `Check that a worker runs, then look at \`tidegate versions ${model}\`.` },
  );
}
