// tidegate dataset expire: lets the rows go that the policy does not keep.
import { type Command } from 'commander';
import { type Dataset } from '../../../store/registry/dataset.ts';
import { expireDatasets } from '../../../store/datasets/dataset-uses.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { jsonOption } from '../../arguments.ts';
import { type CommandContext } from '../../command-context.ts';
import { withDatabase } from '../../connections.ts';
import { day } from '../../output/format.ts';

interface Options {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Adds `tidegate dataset expire <model>`. */
export function addDatasetExpire(command: Command, { config, output }: CommandContext): void {
  command
    .command('expire')
    .description('let the rows of datasets go that retention.datasets does not keep; their digests stay')
    .argument('<model>', 'name of the model')
    .option('--dry-run', 'say what would go, and keep it')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate dataset expire churn --dry-run')
    .action((model: string, { dryRun = false, json }: Options) =>
      withDatabase(config(), async (database) => {
        const { definition } = await getDefinition(database, model);
        const retention = definition.retention.datasets;
        const request = { model, retention, now: new Date(), dryRun };
        const gone: Dataset[] = [];
        for (;;) {
          const some = await expireDatasets(database, request);
          gone.push(...some);
          // A trial changes nothing, so it would give the same for ever.
          if (dryRun || some.length === 0) break;
        }
        const datasets = gone.map(({ id, rows, window }) => ({ id, rows, window }));
        if (json) return output.json({ model, retention, dryRun, datasets });
        if (datasets.length === 0)
          return output.line(`every dataset of ${model} is kept (${retention} after its last use)`);
        output.table({
          head: ['dataset', 'window', 'rows'],
          rows: datasets.map(({ id, rows, window }) => [
            id,
            `(${day(window.from)}, ${day(window.to)}]`,
            rows,
          ]),
        });
        output.line(dryRun ? 'nothing was let go: a trial' : 'their rows were let go');
      }),
    );
}
