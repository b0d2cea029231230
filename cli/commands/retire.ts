// tidegate retire: ends all automatic activity of a model.
import { type Command } from 'commander';
import { type Retired } from '../../operations/retire.ts';
import { byOption, claimedBy, type CommandContext, jsonOption } from '../shared/arguments.ts';
import { askApi } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';

interface Options {
  readonly by?: string;
  readonly json?: boolean;
}

/** Adds `tidegate retire <model>`. */
export function addRetire(program: Command, { config, output }: CommandContext): void {
  program
    .command('retire')
    .description(
      'end all automatic activity of a model: remove its schedules, open runs, version in Staging and online rows',
    )
    .argument('<model>', 'name of the model')
    .addOption(byOption('who requests it'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nOpen runs are cancelled at whatever step they are; a rollback that has begun is finished first. A version that waits' +
        '\nfor a decision is archived and can no longer be approved. Notices that are due are still delivered.' +
        '\nVersions, reports and decisions stay. So does the version in Production, which only a newer version can replace.' +
        '\n`tidegate apply` brings the model back.\n\nExample:\n  tidegate retire churn',
    )
    .action(async (model: string, { by, json }: Options) => {
      const api = await findApi(config());
      output.progress(`waiting for the open runs of ${model} to end`);
      const { model: _, ...retired } = await askApi<Retired & { readonly model: string }>(
        api,
        'POST',
        ['models', model, 'retire'],
        claimedBy(by),
        RETIRED_WITHIN_MS,
      );
      if (json) return output.json({ model, ...retired });
      for (const line of linesOf(model, retired)) output.line(line);
    });
}

/** Longer than the API waits for open runs to end. */
const RETIRED_WITHIN_MS = 120_000;

function linesOf(
  model: string,
  { ended, stillOpen, withdrawn, onlineRowsOf, production }: Retired,
): string[] {
  const definitions = onlineRowsOf.length === 1 ? 'definition' : 'definitions';
  return [
    `${model} is retired: it is no longer monitored or materialized`,
    ...(ended.length > 0 ? [`ended: ${ended.join(', ')}`] : []),
    ...(withdrawn === null ? [] : [`version ${withdrawn} has left Staging`]),
    ...(onlineRowsOf.length > 0
      ? [`removed the online rows of ${definitions} ${onlineRowsOf.join(', ')}`]
      : []),
    ...(production === null
      ? []
      : [`version ${production} stays in Production and still answers requests that send features`]),
    ...(stillOpen.length > 0
      ? [
          `not ended yet: ${stillOpen.join(', ')}; start a worker so that they end, then retire ${model} again`,
        ]
      : []),
  ];
}
