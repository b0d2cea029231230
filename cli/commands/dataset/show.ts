// tidegate dataset show: what is known of a dataset, and what rests on it.
import { type Command } from 'commander';
import { backfilledInWords, labelsInWords } from '../../../domain/data/label-states.ts';
import { holdsRows, useInWords } from '../../../domain/decisions/dataset-retention.ts';
import { datasetUses, sized } from '../../../store/datasets/dataset-uses.ts';
import { jsonOption, parseNumber } from '../../arguments.ts';
import { type CommandContext } from '../../command-context.ts';
import { withDatabase } from '../../connections.ts';
import { day, minute } from '../../output/format.ts';
import { headerJson, sizeInWords, usesJson } from '../../datasets/dataset-json.ts';
import { datasetNamed } from '../../datasets/find-dataset.ts';

/** Adds `tidegate dataset show <id>`. */
export function addDatasetShow(command: Command, { config, output }: CommandContext): void {
  command
    .command('show')
    .description('show a frozen dataset: window, rows, columns, digest, size, and what rests on it')
    .argument('<id>', 'number of the dataset', parseNumber)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate dataset show 12')
    .action((id: number, { json }: { readonly json?: boolean }) =>
      withDatabase(config(), async (database) => {
        const dataset = await datasetNamed(database, id);
        const [size = { dataset, chunks: 0, bytes: 0 }] = await sized(database, [dataset]);
        const uses = (await datasetUses(database.pool, dataset.model)).get(id) ?? [];
        const columns = dataset.columns.map(({ name, kind, dictionary }) => ({
          name,
          kind,
          values: dictionary?.length ?? null,
        }));
        if (json) return output.json({ ...headerJson(size), columns, uses: usesJson(uses) });
        const { window, expiredAt } = dataset;
        output.heading(`dataset ${id} of ${dataset.model}`);
        output.line(`  window      (${window.from.toISOString()}, ${window.to.toISOString()}]`);
        output.line(`  definition  ${dataset.definitionVersion}`);
        output.line(
          `  as known at ${dataset.asKnownAt.toISOString()}, frozen ${minute(dataset.createdAt)} UTC`,
        );
        output.line(
          `  rows        ${dataset.rows}, ${labelsInWords(dataset)}, ${dataset.holdoutRows} held out, ` +
            `${dataset.trainingRows} to learn from`,
        );
        if (dataset.backfilled.length > 0)
          output.line(`  mark        ${backfilledInWords(dataset.backfilled)}`);
        output.line(`  digest      ${dataset.digest}`);
        output.line(
          `  size        ${expiredAt ? `rows let go on ${day(expiredAt)}` : `${sizeInWords(size.bytes)} in ${size.chunks} chunks`}`,
        );
        for (const use of uses) {
          output.line(`  rests on it ${useInWords(use)}${holdsRows(use) ? ', which keeps its rows' : ''}`);
        }
        if (uses.length === 0) output.line('  rests on it nothing');
        output.line();
        output.table({
          head: ['column', 'kind', 'distinct values'],
          rows: columns.map(({ name, kind, values }) => [name, kind, values]),
        });
      }),
    );
}
