// tidegate audit at: what was in Production at an instant.
import { type Command } from 'commander';
import { requirePast } from '../../../domain/model/future-instant.ts';
import { getDefinition, listModels } from '../../../store/definitions/definitions.ts';
import { type StateAt, stateAt } from '../../../store/registry/history.ts';
import { minute } from '../../output/format.ts';
import { type Output } from '../../output/output.ts';
import { type CommandContext, jsonOption, parseInstant } from '../../shared/arguments.ts';
import { withDatabase } from '../../shared/connections.ts';

/** Adds `tidegate audit at <time> [model]`. */
export function addAuditAt(audit: Command, { config, output }: CommandContext): void {
  audit
    .command('at')
    .description(
      'show what was in Production at an instant: approved by whom, on which evidence, and which servers answered with it',
    )
    .argument('<time>', 'a day (midnight UTC) or an instant', parseInstant)
    .argument('[model]', 'name of the model (default: all models)')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate audit at 2024-03-01T12:00:00Z churn')
    .action((at: Date, model: string | undefined, { json }: { readonly json?: boolean }) =>
      withDatabase(config(), async (database) => {
        requirePast('<time>', at);
        if (model !== undefined) await getDefinition(database, model);
        const names = model === undefined ? await listModels(database) : [model];
        const states = await Promise.all(
          names.map(async (name) => ({ model: name, ...(await stateAt(database, name, at)) })),
        );
        if (json) return output.json({ at, models: states });
        for (const state of states) printState(output, state.model, state);
      }),
    );
}

const marksOf = ({ selfApproved, breakGlass }: StateAt['decisions'][number]): string[] => [
  ...(selfApproved ? ['self-approved'] : []),
  ...(breakGlass ? ['break-glass'] : []),
];

function printState(output: Output, model: string, state: StateAt): void {
  const { at, production, decisions, stopped, answeredBy } = state;
  output.heading(`${model} at ${minute(at)} UTC`);
  if (!production) return output.line('no version was in Production');
  const { version, actor, authority, reason, evidenceDigest, detail, breakGlass } = production;
  output.line(
    `version ${version}, since ${minute(production.at)} UTC: ${reason} by ${actor} (${authority}${breakGlass ? ', break-glass' : ''})` +
      (detail === '' ? '' : `: ${detail}`),
  );
  output.line(evidenceDigest === null ? 'without evidence' : `on evidence ${evidenceDigest}`);
  for (const decision of decisions) {
    const comment = decision.comment === '' ? '' : `: ${decision.comment}`;
    output.line(
      `${decision.decision} by ${decision.actor} (${[decision.authority, ...marksOf(decision)].join(', ')}) at ${minute(decision.at)} UTC${comment}`,
    );
  }
  if (stopped) {
    output.line(
      `predictions were stopped at ${minute(stopped.at)} UTC by ${stopped.actor} (${stopped.authority}): ${stopped.reason}`,
    );
  }
  if (answeredBy.length === 0) return output.line('no server logged a prediction in the day before');
  output.table({
    head: ['server', 'answered with', 'predictions', 'first (UTC)', 'last (UTC)'],
    rows: answeredBy.map(({ instance, version: with_, predictions, first, last }) => [
      instance,
      `v${with_}`,
      predictions,
      minute(first),
      minute(last),
    ]),
  });
}
