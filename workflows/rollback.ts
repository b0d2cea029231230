// rollback/<model>: restores a version that was in Production before. Takes seconds.
import { CancellationScope, log } from '@temporalio/workflow';
import { rollBack } from './activities.ts';
import { confirmServed } from './confirm-served.ts';
import { type RollbackInput, type RollbackResult } from './protocol/messages.ts';
import { describeFailure, Notifications, RunDetails, tag } from './run-details.ts';

/** Replaces the champion with a version that was in Production before, and confirms that it is served. */
export async function rollbackWorkflow(input: RollbackInput): Promise<RollbackResult> {
  const { model } = input;
  const details = new RunDetails(`Roll ${model} back, asked by ${input.requestedBy}: ${input.reason}`);
  const notifications = new Notifications();
  try {
    // Complete a swap that has begun: after a cancellation in the middle it would be unclear which version is served.
    return await CancellationScope.nonCancellable(() => swap(input, details, notifications));
  } catch (error) {
    const { message } = describeFailure(error);
    tag({ outcome: 'failed' });
    details.add(`failed: ${message}`);
    notifications.send({ event: 'failed', model, version: null, message });
    throw error;
  } finally {
    await notifications.settled();
  }
}

async function swap(
  input: RollbackInput,
  details: RunDetails,
  notifications: Notifications,
): Promise<RollbackResult> {
  const { model } = input;
  const { from, to, breakGlass } = await rollBack(input);
  tag({ version: to, stage: 'Production', outcome: 'rolled back' });
  const summary = `${model} went back from version ${from} to version ${to}: ${input.reason}`;
  details.add(summary);
  log.info(summary);
  if (breakGlass !== undefined) {
    const message = `${model} was put back to version ${to} by break-glass: ${breakGlass}`;
    notifications.send({ event: 'break glass', model, version: to, message });
  }
  notifications.send({ event: 'rolled back', model, version: to, message: summary });
  await confirmServed({ model, version: to }, details, notifications);
  return { from, to, summary };
}
