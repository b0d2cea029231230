// tidegate drift calibrate: learns drift thresholds from past windows and shows which windows these thresholds would flag.
import { type Command, Option } from 'commander';
import {
  calibrate,
  type CalibrationMethod,
  type ColumnCalibration,
  type PastWindow,
  windowsBetween,
} from '../../../domain/drift/calibration/calibrate.ts';
import { driftPolicyOf } from '../../../domain/drift/drift-policy.ts';
import { type Feature, featuresOf } from '../../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../../domain/model/definition.ts';
import { dayOf } from '../../../domain/model/window.ts';
import { type Database } from '../../../store/postgres/database.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { computeWindows, pastWindows } from '../../../store/profiles/computed-windows.ts';
import { newestRowTime } from '../../../store/join/newest-labelled-time.ts';
import {
  type CommandContext,
  jsonOption,
  parseInstant,
  parseNumber,
  parseSpan,
} from '../../shared/arguments.ts';
import { withDatabase } from '../../shared/connections.ts';
import { interruptible } from '../../shared/interruptible.ts';
import { parseShare } from './drift-arguments.ts';
import { formatApart } from '../../output/format.ts';
import { EXIT_INTERRUPTED } from '../../output/explain-error.ts';
import { type Output } from '../../output/output.ts';

interface Options {
  readonly method: 'sd' | 'rate';
  readonly falseAlarms: number;
  readonly windows: number;
  readonly from?: Date;
  readonly to?: Date;
  readonly every?: string;
  readonly json?: boolean;
}

/** Adds `tidegate drift calibrate <model>`. */
export function addCalibrate(drift: Command, { config, output }: CommandContext): void {
  drift
    .command('calibrate')
    .description(
      'learn drift thresholds from past windows, and show which of these windows the thresholds would have flagged',
    )
    .argument('<model>', 'name of the model')
    .addOption(
      new Option(
        '--method <name>',
        'how to set a threshold: sd = mean + 3 standard deviations, rate = target rate of false alarms',
      )
        .choices(['sd', 'rate'])
        .default('sd'),
    )
    .option(
      '--false-alarms <share>',
      'share of windows that may be flagged, for --method rate',
      parseShare,
      0.05,
    )
    .option('--windows <number>', 'how many of the newest windows to learn from', parseNumber, 100)
    .option('--from <time>', 'also measure the windows since this instant that have no report', parseInstant)
    .option(
      '--to <time>',
      'with --from: end of the newest window to measure (default: the time of the newest row)',
      parseInstant,
    )
    .option(
      '--every <duration>',
      'with --from: time between the ends of two successive windows (default: monitor.every)',
      parseSpan,
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  tidegate drift calibrate churn --method rate --false-alarms 0.05' +
        '\n  tidegate drift calibrate churn --from 2023-01-01',
    )
    // Both `drift` and this command have --json, and Commander stores it with `drift`.
    .action((model: string, _: Options, command: Command) =>
      withDatabase(config(), async (database) => {
        const options = command.optsWithGlobals<Options>();
        const { definition } = await getDefinition(database, model);
        const reported = await pastWindows(database, model, options.windows);
        const computed = await missingWindows(database, definition, reported, options, output);
        if (computed === undefined) {
          process.exitCode = EXIT_INTERRUPTED;
          return;
        }
        const windows = [...reported, ...computed]
          .sort((a, b) => (a.asOf < b.asOf ? 1 : -1))
          .slice(0, options.windows);
        const { alpha = 0.05, effects = {}, thresholds = {} } = driftPolicyOf(definition);
        const method: CalibrationMethod =
          options.method === 'sd' ? { name: 'sd' } : { name: 'rate', falseAlarms: options.falseAlarms };
        const columns = calibrate(windows, { alpha, effects, thresholds }, method);
        const lines = linesOf(featuresOf(definition), columns);
        if (options.json) {
          const reports = windows.map(({ reportId, asOf, championVersion }) => ({
            reportId,
            asOf,
            championVersion,
          }));
          return output.json({ model, method, windows: reports, columns, lines });
        }
        print(output, model, windows, columns, lines);
      }),
    );
}

/** Measures the requested windows that have no report; undefined if interrupted. */
async function missingWindows(
  database: Database,
  definition: ModelDefinition,
  reported: readonly PastWindow[],
  { from, to, every, windows: limit }: Options,
  output: Output,
): Promise<PastWindow[] | undefined> {
  if (from === undefined) return [];
  const { name, monitor } = definition;
  const end = to ?? (await newestRowTime(database, definition)) ?? from;
  const known = new Set(reported.map(({ asOf }) => asOf));
  const windows = windowsBetween({
    from,
    to: end,
    every: every ?? monitor.every,
    length: monitor.window,
    timezone: monitor.timezone,
    limit,
  }).filter((window) => !known.has(window.to.toISOString()));
  try {
    return await interruptible((signal) =>
      computeWindows(database, name, windows, {
        signal,
        onWindow: (window, done) =>
          output.status(
            `${done} of ${windows.length} windows measured, now measuring the one to ${dayOf(window.to)}`,
          ),
      }),
    );
  } finally {
    output.status('');
  }
}

const linesOf = (features: readonly Feature[], columns: readonly ColumnCalibration[]): string[] =>
  columns.flatMap(({ column, learnt }) => {
    const feature = features.find(({ name }) => name === column);
    return feature && learnt !== null ? [columnLine(feature, learnt)] : [];
  });

function print(
  output: Output,
  model: string,
  windows: readonly PastWindow[],
  columns: readonly ColumnCalibration[],
  lines: readonly string[],
): void {
  const champions = new Set(windows.map(({ championVersion }) => championVersion)).size;
  output.heading(
    `Thresholds of ${model} from ${windows.length} windows, measured against ${champions} champions`,
  );
  if (windows.length === 0)
    return output.line(
      `no window has been measured yet: run \`tidegate monitor ${model}\`, or measure past windows with --from`,
    );
  output.table({
    head: ['column', 'effect', 'windows', 'present', 'flags', 'learnt', 'would flag', 'note'],
    rows: columns.map((one) => {
      const [present, learnt] = formatApart([one.present, one.learnt]);
      return [
        one.column,
        one.effect,
        one.windows,
        present,
        one.flaggedByPresent.length,
        learnt,
        one.learnt === null ? null : one.flaggedByLearnt.length,
        one.reason,
      ];
    }),
  });
  if (lines.length === 0) return;
  output.line();
  output.line('To use them, write in the model file:');
  for (const line of lines) output.line(`  ${line}`);
}

/**
 * The line to paste into the model file: the column's declaration with the threshold added. For a derived column, a comment
 * with only the drift options.
 *
 * @example columnLine(feature, 0.12) // 'monthly_fee: numeric({ min: 0, drift: { threshold: 0.12 } }),'
 */
export function columnLine({ name, spec, view }: Feature, threshold: number): string {
  const drift = { ...spec.drift, threshold };
  if (view === null) return `// derived ${name}: drift: ${literal(drift)}`;
  const { type, ...rest } = spec;
  const { values, ...options } = { values: undefined, ...rest };
  const given = values === undefined ? (type === 'category' ? ['undefined'] : []) : [literal(values)];
  return `${name}: ${type}(${[...given, literal({ ...options, drift })].join(', ')}),`;
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{ ${fields.map(([key, field]) => `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : literal(key)}: ${literal(field)}`).join(', ')} }`;
}
