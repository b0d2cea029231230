// tidegate dataset verify: checks that the frozen rows are intact and that the source tables still give the same rows.
import { type Command } from 'commander';
import { type DatasetDifference } from '../../../domain/data/dataset-difference.ts';
import { verifyDataset } from '../../../store/datasets/verify.ts';
import { type CommandContext, jsonOption, parseNumber } from '../../shared/arguments.ts';
import { withDatabase } from '../../shared/connections.ts';
import { type Output } from '../../output/output.ts';
import { datasetNamed } from './dataset-json.ts';

/** Adds `tidegate dataset verify <id>`. */
export function addDatasetVerify(command: Command, { config, output }: CommandContext): void {
  command
    .command('verify')
    .description('check the chunks of a dataset, and whether the source tables still give the same rows')
    .argument('<id>', 'number of the dataset', parseNumber)
    .addOption(jsonOption())
    .addHelpText('after', '\nExits with 1 if the source differs.\n\nExample:\n  tidegate dataset verify 12')
    .action((id: number, { json }: { readonly json?: boolean }) =>
      withDatabase(config(), async (database) => {
        const dataset = await datasetNamed(database, id);
        const { rows, sourceDigest, difference } = await verifyDataset(database, dataset, {
          onProgress: (joined) => output.progress(`joined ${joined} rows`),
        });
        if (difference) process.exitCode = 1;
        if (json) {
          const { model, digest } = dataset;
          return output.json({
            id,
            model,
            digest,
            sourceDigest,
            rows,
            same: difference === null,
            difference,
          });
        }
        output.line(`dataset ${id} of ${dataset.model}: every chunk matches its digest`);
        if (!difference) return output.line(`the source gives the same ${rows} rows`);
        printDifference(output, difference);
      }),
    );
}

function printDifference(output: Output, { missing, added, columns }: DatasetDifference): void {
  if (missing.rows === 0 && added.rows === 0 && columns.length === 0) {
    output.line('the source gives the same rows and values; only their encoding differs');
    return;
  }
  output.line('the source now gives different rows:');
  output.table({
    head: ['difference', 'rows', 'first', 'frozen', 'now'],
    rows: [
      ...[['removed rows', missing] as const, ['added rows', added] as const].flatMap(
        ([what, { rows, examples }]) =>
          rows === 0 ? [] : [[what, rows, formatPlace(examples[0]), null, null]],
      ),
      ...columns.map(({ column, rows, examples: [first] }) => [
        column,
        rows,
        formatPlace(first),
        first?.frozen ?? null,
        first?.now ?? null,
      ]),
    ],
  });
}

const formatPlace = (place: { readonly key: string; readonly at: string } | undefined): string =>
  place ? `${place.key} at ${place.at}` : '';
