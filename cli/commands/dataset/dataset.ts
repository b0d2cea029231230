// tidegate dataset: lists, shows, verifies and expires frozen datasets.
import { type Command } from 'commander';
import { type CommandContext, jsonOption, parseNumber } from '../../shared/arguments.ts';
import { addDatasetVerify } from './verify.ts';
import { type Dataset } from '../../../store/registry/dataset.ts';
import { datasetUses, expireDatasets, listDatasets, sized } from '../../../store/datasets/dataset-uses.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { withDatabase } from '../../shared/connections.ts';
import { day, minute } from '../../output/format.ts';
import { datasetNamed, formatBytes, headerJson, usesJson } from './dataset-json.ts';
import { describeBackfilled, describeLabels } from '../../../domain/data/label-states.ts';
import { holdsRows, describeUse } from '../../../domain/decisions/dataset-retention.ts';

/** Adds `tidegate dataset list | show | verify | expire`. */
export function addDataset(program: Command, context: CommandContext): void {
  const dataset = program.command('dataset').description('list, show, verify and expire frozen datasets');
  addDatasetList(dataset, context);
  addDatasetShow(dataset, context);
  addDatasetVerify(dataset, context);
  addDatasetExpire(dataset, context);
}

interface Options {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Adds `tidegate dataset expire <model>`. */
function addDatasetExpire(command: Command, { config, output }: CommandContext): void {
  command
    .command('expire')
    .description('delete dataset rows older than retention.datasets; the digests stay')
    .argument('<model>', 'name of the model')
    .option('--dry-run', 'list what would be deleted, and delete nothing')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate dataset expire churn --dry-run')
    .action((model: string, { dryRun = false, json }: Options) =>
      withDatabase(config(), async (database) => {
        const { definition } = await getDefinition(database, model);
        const retention = definition.retention.datasets;
        const request = { model, retention, now: new Date(), dryRun };
        const expired: Dataset[] = [];
        for (;;) {
          const batch = await expireDatasets(database, request);
          expired.push(...batch);
          // A dry run deletes nothing, so the next call would return the same datasets.
          if (dryRun || batch.length === 0) break;
        }
        const datasets = expired.map(({ id, rows, window }) => ({ id, rows, window }));
        if (json) return output.json({ model, retention, dryRun, datasets });
        if (datasets.length === 0)
          return output.line(
            `nothing to delete: every dataset of ${model} is kept for ${retention} after its last use`,
          );
        output.table({
          head: ['dataset', 'window', 'rows'],
          rows: datasets.map(({ id, rows, window }) => [
            id,
            `(${day(window.from)}, ${day(window.to)}]`,
            rows,
          ]),
        });
        output.line(dryRun ? 'dry run: nothing was deleted' : 'the rows of these datasets were deleted');
      }),
    );
}

const MAX_LISTED = 100;

/** Adds `tidegate dataset list <model>`. */
function addDatasetList(dataset: Command, { config, output }: CommandContext): void {
  dataset
    .command('list')
    .description(`list the newest ${MAX_LISTED} frozen datasets of a model`)
    .argument('<model>', 'name of the model')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate dataset list churn')
    .action((model: string, { json }: { readonly json?: boolean }) =>
      withDatabase(config(), async (database) => {
        await getDefinition(database, model);
        const datasets = await listDatasets(database, model, MAX_LISTED);
        if (json) return output.json({ model, datasets: datasets.map(headerJson) });
        if (datasets.length === 0)
          return output.line(`${model} has no dataset yet: run \`tidegate monitor ${model}\``);
        output.table({
          head: ['id', 'window', 'rows', 'labelled', 'definition', 'size', 'frozen (UTC)', 'digest'],
          rows: datasets.map(({ dataset: found, bytes }) => [
            found.id,
            `(${day(found.window.from)}, ${day(found.window.to)}]`,
            found.rows,
            found.labelledRows,
            found.definitionVersion,
            found.expiredAt ? `expired ${day(found.expiredAt)}` : formatBytes(bytes),
            minute(found.createdAt),
            found.digest.slice(0, 12),
          ]),
        });
      }),
    );
}

/** Adds `tidegate dataset show <id>`. */
function addDatasetShow(command: Command, { config, output }: CommandContext): void {
  command
    .command('show')
    .description('show a frozen dataset: window, rows, columns, digest, size, and what uses it')
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
          `  rows        ${dataset.rows}, ${describeLabels(dataset)}, ${dataset.holdoutRows} held out, ` +
            `${dataset.trainingRows} for training`,
        );
        if (dataset.backfilled.length > 0)
          output.line(`  backfilled  ${describeBackfilled(dataset.backfilled)}`);
        output.line(`  digest      ${dataset.digest}`);
        output.line(
          `  size        ${expiredAt ? `rows deleted on ${day(expiredAt)}` : `${formatBytes(size.bytes)} in ${size.chunks} chunks`}`,
        );
        for (const use of uses) {
          output.line(
            `  used by     ${describeUse(use)}${holdsRows(use) ? ', so the rows are not deleted' : ''}`,
          );
        }
        if (uses.length === 0) output.line('  used by     nothing');
        output.line();
        output.table({
          head: ['column', 'kind', 'distinct values'],
          rows: columns.map(({ name, kind, values }) => [name, kind, values]),
        });
      }),
    );
}
