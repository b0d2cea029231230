// materialize/<model>: brings the online rows of every definition in use up to date. Takes minutes.
import { log, setHandler } from '@temporalio/workflow';
import {
  type MaterializedDefinition,
  type MaterializeInput,
  type MaterializeResult,
  type MaterializeState,
  materializeStateQuery,
} from './protocol/messages.ts';
import {
  definitionsToMaterialize,
  materializeDefinition,
  removeUnusedOnlineRows,
  useMaterializeGrant,
} from './activities.ts';
import { describeFailure, Notifications, RunDetails, tag } from './run-details.ts';
import { scheduledInstant } from './scheduled-instant.ts';

/**
 * Materializes each definition used by a version in Staging, in Production or available for a rollback, then removes the
 * rows of all others. If one definition fails, the others are still materialized, and the run fails at the end.
 */
export async function materializeWorkflow(input: MaterializeInput): Promise<MaterializeResult> {
  const { model, full = false, reset = false, range, definitionVersion, grantId } = input;
  let state: MaterializeState = { model, step: 'looking for the definitions in use' };
  setHandler(materializeStateQuery, () => state, { description: 'The current step' });
  const enter = (step: string): void => void (state = { model, step });
  const asOf = range?.to ?? input.asOf ?? scheduledInstant().toISOString();
  const details = new RunDetails(`Online rows of ${model} as of ${asOf}`);
  const notifications = new Notifications();
  const scope = range
    ? { kind: 'range' as const, ...range }
    : reset
      ? ({ kind: 'full', reset } as const)
      : ({ kind: full ? 'full' : 'increment' } as const);

  const definitions: MaterializedDefinition[] = [];
  const failures: unknown[] = [];
  try {
    // Runs that started before grants have none, so this adds no step to their histories.
    if (grantId !== undefined)
      details.add(`started by ${(await useMaterializeGrant({ model, grantId })).person}`);
    const versions =
      definitionVersion === undefined
        ? (await definitionsToMaterialize({ model, ...(reset && { reset }) })).versions
        : [definitionVersion];
    for (const version of versions) {
      enter(`materializing definition ${version}`);
      details.footer(`materializing definition ${version} …`);
      try {
        const done = await materializeDefinition({ model, definitionVersion: version, asOf, scope });
        details.add(done.words);
        definitions.push(done);
      } catch (error) {
        const { kind, message } = describeFailure(error);
        if (kind === 'cancelled') throw error;
        details.add(`**failed** definition ${version}: ${message}`);
        failures.push(error);
      }
    }
    details.footer('');
    if (failures.length > 0) throw failures[0] as Error;
    enter('removing unused rows');
    const { removed } = await removeUnusedOnlineRows({ model });
    if (removed.length > 0) details.add(`removed the rows of unused definitions: ${removed.join(', ')}`);
    const isEmpty = definitions.every(({ nothing }) => nothing !== null);
    tag({ outcome: isEmpty ? 'nothing new' : 'materialised' });
    const summary = definitions.map(({ words }) => words).join('; ');
    log.info(summary);
    enter('closed');
    return { asOf, definitions, removedDefinitions: removed, summary };
  } catch (error) {
    const failure = describeFailure(error);
    tag({ outcome: failure.kind });
    details.footer(`**${failure.kind}**: ${failure.message}`);
    notifications.send({ event: 'failed', model, version: null, message: failure.message });
    throw error;
  } finally {
    await notifications.settled();
  }
}
