// tidegate features stats: statistics of a model's features over a window.
import { type Command } from 'commander';
import { TidegateError } from '../../../domain/errors.ts';
import { dayOf, windowEndingAt } from '../../../domain/model/window.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { type FeatureStats, windowStats, type WindowStats } from '../../../store/join/window-stats.ts';
import {
  asOfOption,
  type CommandContext,
  definitionOption,
  jsonOption,
  parseSpan,
} from '../../shared/arguments.ts';
import { withDatabase } from '../../shared/connections.ts';
import { interruptible } from '../../shared/interruptible.ts';
import { EXIT_INTERRUPTED } from '../../output/explain-error.ts';
import { exact, fixed } from '../../../domain/format-numbers.ts';
import { formatApart, short } from '../../output/format.ts';
import { type Output } from '../../output/output.ts';

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
    .addOption(asOfOption('end of the window (default: now)'))
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

type NumericStats = Extract<FeatureStats, { kind: 'numeric' }>;

type CategoryStats = Extract<FeatureStats, { kind: 'category' }>;

/** Prints the features of a window. */
function printStats(output: Output, { features }: WindowStats): void {
  const numbers = features.filter((each): each is NumericStats => each.kind === 'numeric');
  const categories = features.filter((each): each is CategoryStats => each.kind === 'category');
  if (numbers.length > 0) {
    output.table({
      head: ['number', 'missing', 'min', '5 %', '25 %', '50 %', '75 %', '95 %', 'max', 'mean', 'sd'],
      rows: numbers.map((each) => [
        each.infinite === 0 ? each.name : `${each.name} (${each.infinite} infinite)`,
        percent(each.missing, each.rows),
        value(each.min),
        ...formatApart([0, 1, 2, 3, 4].map((at) => each.quantiles[at]?.value)),
        value(each.max),
        short(each.mean),
        short(each.sd),
      ]),
    });
  }
  if (numbers.length > 0 && categories.length > 0) output.line();
  if (categories.length > 0) {
    output.table({
      head: ['category', 'missing', 'values', 'most common'],
      rows: categories.map((each) => [
        each.name,
        percent(each.missing, each.rows),
        each.distinct ?? 'over 40,000',
        each.top.map(({ value, count }) => `${shortened(value)} ${percent(count, each.rows)}`).join(', '),
      ]),
    });
  }
}

/** Formats a minimum or maximum exactly, because it is a value of the table. */
const value = (extreme: number | null): string | null => (extreme === null ? null : exact(extreme));

const MAX_CHARACTERS = 30;

const shortened = (text: string): string =>
  text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;

function percent(part: number, of: number): string {
  const share = of === 0 ? 0 : (100 * part) / of;
  return `${share > 0 && share < 0.1 ? '<0.1' : fixed([share], [100], 1)[0]} %`;
}
