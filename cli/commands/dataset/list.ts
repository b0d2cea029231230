// tidegate dataset list: the frozen datasets of a model.
import { type Command } from 'commander';
import { listDatasets } from '../../../store/datasets/dataset-uses.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { jsonOption } from '../../arguments.ts';
import { type CommandContext } from '../../command-context.ts';
import { withDatabase } from '../../connections.ts';
import { day, minute } from '../../output/format.ts';
import { headerJson, sizeInWords } from '../../datasets/dataset-json.ts';

const MOST_LISTED = 100;

/** Adds `tidegate dataset list <model>`. */
export function addDatasetList(dataset: Command, { config, output }: CommandContext): void {
  dataset
    .command('list')
    .description(`list the newest ${MOST_LISTED} frozen datasets of a model`)
    .argument('<model>', 'name of the model')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate dataset list churn')
    .action((model: string, { json }: { readonly json?: boolean }) =>
      withDatabase(config(), async (database) => {
        await getDefinition(database, model);
        const datasets = await listDatasets(database, model, MOST_LISTED);
        if (json) return output.json({ model, datasets: datasets.map(headerJson) });
        if (datasets.length === 0)
          return output.line(`${model} has no dataset yet: \`tidegate monitor ${model}\``);
        output.table({
          head: ['id', 'window', 'rows', 'labelled', 'definition', 'size', 'frozen (UTC)', 'digest'],
          rows: datasets.map(({ dataset: found, bytes }) => [
            found.id,
            `(${day(found.window.from)}, ${day(found.window.to)}]`,
            found.rows,
            found.labelledRows,
            found.definitionVersion,
            found.expiredAt ? `let go ${day(found.expiredAt)}` : sizeInWords(bytes),
            minute(found.createdAt),
            found.digest.slice(0, 12),
          ]),
        });
      }),
    );
}
