// tidegate drift calibrate: thresholds learnt from past windows, and what they would have flagged.
import { type Command, Option } from 'commander';
import {
  calibrate,
  type ColumnCalibration,
  type PastWindow,
} from '../../../domain/drift/calibration/calibrate.ts';
import { type CalibrationMethod } from '../../../domain/drift/calibration/learn-threshold.ts';
import { driftPolicyOf } from '../../../domain/drift/policy-of.ts';
import { type Feature, featuresOf } from '../../../domain/features/define-model.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { pastWindows } from '../../../store/drift/past-windows.ts';
import { jsonOption, parseNumber } from '../../arguments.ts';
import { type CommandContext } from '../../command-context.ts';
import { withDatabase } from '../../connections.ts';
import { columnLine } from '../../drift/column-lines.ts';
import { parseShare } from '../../drift/drift-arguments.ts';
import { short } from '../../output/format.ts';
import { type Output } from '../../output/output.ts';

interface Options {
  readonly method: 'sd' | 'rate';
  readonly falseAlarms: number;
  readonly windows: number;
  readonly json?: boolean;
}

/** Adds `tidegate drift calibrate <model>`. */
export function addCalibrate(drift: Command, { config, output }: CommandContext): void {
  drift
    .command('calibrate')
    .description('learn thresholds of drift from past windows, and show what they would have flagged')
    .argument('<model>', 'name of the model')
    .addOption(
      new Option('--method <name>', 'mean + 3 standard deviations, or a target rate of false alarms')
        .choices(['sd', 'rate'])
        .default('sd'),
    )
    .option(
      '--false-alarms <share>',
      'share of windows that may be flagged, for --method rate',
      parseShare,
      0.05,
    )
    .option('--windows <number>', 'the newest windows to learn from', parseNumber, 100)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate drift calibrate churn --method rate --false-alarms 0.05')
    // Commander gives --json to the command above when both have it.
    .action((model: string, _: Options, command: Command) =>
      withDatabase(config(), async (database) => {
        const options = command.optsWithGlobals<Options>();
        const { definition } = await getDefinition(database, model);
        const windows = await pastWindows(database, model, options.windows);
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
  output.heading(`Thresholds of ${model} from ${windows.length} windows, against ${champions} champions`);
  if (windows.length === 0) return output.line(`no window was measured yet: \`tidegate monitor ${model}\``);
  output.table({
    head: ['column', 'effect', 'windows', 'present', 'flags', 'learnt', 'would flag', 'note'],
    rows: columns.map((one) => [
      one.column,
      one.effect,
      one.windows,
      short(one.present),
      one.flaggedByPresent.length,
      short(one.learnt),
      one.learnt === null ? null : one.flaggedByLearnt.length,
      one.reason,
    ]),
  });
  if (lines.length === 0) return;
  output.line();
  output.line('To take them over, in the model file:');
  for (const line of lines) output.line(`  ${line}`);
}
