// tidegate features stats: how the values of a model's features lie in a window.
import { type Command } from 'commander';
import { TidegateError } from '../../../domain/errors.ts';
import { dayOf, windowEndingAt } from '../../../domain/model/window.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { windowStats } from '../../../store/join/window-stats.ts';
import { asOfOption, definitionOption, jsonOption, parseSpan } from '../../arguments.ts';
import { type CommandContext } from '../../command-context.ts';
import { withDatabase } from '../../connections.ts';
import { printStats } from '../../features/stats-tables.ts';
import { interruptible } from '../../interruptible.ts';
import { EXIT_INTERRUPTED } from '../../print-error.ts';

interface Options {
  readonly asOf?: Date;
  readonly window?: string;
  readonly definition?: number;
  readonly json?: boolean;
}

/** Adds `tidegate features stats <model>`. */
export function addStats(features: Command, { config, output }: CommandContext): void {
  features
    .command('stats')
    .description(
      'describe each feature over a window: missing values, extremes, quantiles, mean, common values',
    )
    .argument('<model>', 'name of the model')
    .addOption(asOfOption('the end of the window; now where left out'))
    .option('--window <duration>', 'length of the window (default: monitor.window)', parseSpan)
    .addOption(definitionOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate features stats churn --as-of 2024-02-29')
    .action((model: string, { asOf = new Date(), ...options }: Options) =>
      withDatabase(config(), async (database) => {
        const { definition, version } = await getDefinition(database, model, options.definition);
        const window = windowEndingAt(asOf, options.window ?? definition.monitor.window, definition.monitor);
        const onProgress = (rows: number): void => output.status(`${rows.toLocaleString('en-US')} rows`);
        const stats = await interruptible((signal) =>
          windowStats(database, definition, window, { onProgress, signal }).finally(() => output.status('')),
        );
        if (!stats) {
          process.exitCode = EXIT_INTERRUPTED;
          return;
        }
        if (stats.rows === 0) {
          throw new TidegateError(
            'EMPTY_WINDOW',
            `${definition.rows.table} has no rows in (${window.from.toISOString()}, ${window.to.toISOString()}]`,
          );
        }
        if (options.json) return output.json({ model, definitionVersion: version, window, ...stats });
        output.heading(`${model}: ${stats.rows} rows in (${dayOf(window.from)}, ${dayOf(window.to)}]`);
        printStats(output, stats);
      }),
    );
}
