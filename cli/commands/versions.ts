// tidegate versions: lists the versions of a model, what each was trained on and how it came to its stage.
import { type Command } from 'commander';
import { formatRecipe } from '../../domain/learning/recipe.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { versionDetail } from '../../store/version-detail.ts';
import { type CommandContext, jsonOption } from '../shared/arguments.ts';
import { withDatabase } from '../shared/connections.ts';
import { day, interval, minute, three } from '../output/format.ts';
import { type Table } from '../output/output.ts';
import { type VersionRow, versionRows } from '../output/version-rows.ts';

/** Adds `tidegate versions <model>`. */
export function addVersions(program: Command, { config, output }: CommandContext): void {
  program
    .command('versions')
    .description('list the versions of a model with stage, training window, recipe, AUC and last stage move')
    .argument('<model>', 'name of the model')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate versions churn')
    .action((model: string, { json }: { readonly json?: boolean }) =>
      withDatabase(config(), async (database) => {
        await getDefinition(database, model);
        const versions = await versionRows(database, model);
        if (json) {
          const details = await Promise.all(
            versions.map(async (row) => ({ ...(await versionDetail(database, model, row.version)), ...row })),
          );
          return output.json({ model, versions: details });
        }
        if (versions.length === 0)
          return output.line(`${model} has no version yet: train one with \`tidegate monitor ${model}\``);
        output.table(versionsTable(versions));
      }),
    );
}

/** Versions as a table. */
const versionsTable = (versions: readonly VersionRow[]): Table => ({
  head: [
    'version',
    'stage',
    'trained on',
    'rows',
    'recipe',
    'threshold',
    'AUC',
    'against',
    'by',
    'since (UTC)',
    'reason',
  ],
  rows: versions.map(({ version, stage, trainedOn, tuning, cut, auc, champion, moved, unproven }) => [
    version,
    stage,
    unproven ? 'unproven' : `(${day(trainedOn.from)}, ${day(trainedOn.to)}]`,
    unproven ? null : trainedOn.rows,
    unproven ? 'imported' : tuning && formatRecipe(tuning.chosen),
    cut === null ? null : three(cut),
    interval(auc, ...(champion ? [champion.auc.value] : [])),
    champion && `v${champion.version} ${interval(champion.auc, ...(auc ? [auc.value] : []))}`,
    moved?.actor,
    moved && minute(moved.at),
    moved?.reason.replaceAll('_', ' '),
  ]),
});
