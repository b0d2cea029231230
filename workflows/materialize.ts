// materialize/<model>: brings the online rows of every definition in use up to date. Minutes.
import { log, setHandler } from '@temporalio/workflow';
import {
  type MaterializedDefinition,
  type MaterializeInput,
  type MaterializeResult,
  type MaterializeState,
  materializeStateQuery,
} from './protocol/messages.ts';
import { definitionsToMaterialize, materializeDefinition, removeUnusedOnlineRows } from './activities.ts';
import { describeFailure, Notifications, RunDetails, tag } from './run-details.ts';
import { scheduledInstant } from './scheduled-instant.ts';

/**
 * Materialises each definition that a version in Staging, in Production or in reach of a rollback uses, then removes
 * the rows of all others. A definition that fails does not keep the others from their turn; the run then ends failed.
 */
export async function materializeWorkflow(input: MaterializeInput): Promise<MaterializeResult> {
  const { model, full = false, reset = false, range, definitionVersion } = input;
  let state: MaterializeState = { model, step: 'looking for the definitions in use' };
  setHandler(materializeStateQuery, () => state, { description: 'Which step runs' });
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
    const versions =
      definitionVersion === undefined
        ? (await definitionsToMaterialize({ model, ...(reset && { reset }) })).versions
        : [definitionVersion];
    for (const version of versions) {
      enter(`materialising definition ${version}`);
      details.footer(`materialising definition ${version} …`);
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
    enter('removing rows out of use');
    const { removed } = await removeUnusedOnlineRows({ model });
    if (removed.length > 0) details.add(`removed the rows of definitions out of use: ${removed.join(', ')}`);
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
