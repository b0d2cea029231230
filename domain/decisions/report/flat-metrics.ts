// Flattens a report to names and numbers, the form that MLflow and other metric stores accept.
import { type ColumnVerdict } from '../../drift/verdict.ts';
import { brokenContracts, type QualityPart } from '../../quality/quality-part.ts';
import { type DriftPart, type PerformancePart } from '../report.ts';

/** The parts of a report that contain numbers. */
export interface MeasuredParts {
  readonly quality: QualityPart | null;
  readonly drift: DriftPart | null;
  readonly performance: PerformancePart | null;
  readonly decision: { readonly retrain: boolean } | null;
}

type Values = Record<string, number | boolean | null | undefined>;

/**
 * Returns every number of a report by name. Names consist of letters, digits, `_`, `-`, `.` and `/`, and all numbers are
 * finite, so that MLflow's `log_metrics` accepts them unchanged. Measures that were not taken are left out; booleans
 * become 1 and 0.
 *
 * @example flatMetrics(report)['drift/columns/monthly_fee/effect'] // 0.206
 */
export function flatMetrics({
  quality,
  drift,
  performance,
  decision,
}: MeasuredParts): Record<string, number> {
  const values: Values = {
    ...(quality && {
      'quality/contracts': quality.contracts.length,
      'quality/broken_contracts': brokenContracts(quality).length,
      'quality/findings': quality.findings.length,
    }),
    ...(drift?.measured && driftMetrics(drift)),
    ...(performance?.measured && performanceMetrics(performance)),
    'decision/retrain': decision?.retrain,
  };
  const numbers = Object.entries(values).flatMap(([name, value]): [string, number][] =>
    value === null || value === undefined || !Number.isFinite(Number(value)) ? [] : [[name, Number(value)]],
  );
  return Object.fromEntries(numbers);
}

function driftMetrics({ verdict }: Extract<DriftPart, { measured: true }>): Values {
  const values: Values = {
    'drift/drifted': verdict.drifted,
    'drift/share': verdict.share,
    'drift/threshold': verdict.threshold,
    'drift/drifted_columns': verdict.driftedColumns.length,
    'drift/not_measurable_columns': verdict.notMeasurable.length,
    'drift/reference_rows': verdict.referenceRows,
    'drift/window_rows': verdict.windowRows,
  };
  for (const column of verdict.columns) Object.assign(values, columnMetrics(column));
  for (const { kind, status, adjustedP, effectSize } of verdict.others) {
    if (status !== 'not measurable') values[`drift/${kind}/drifted`] = status === 'drifted';
    values[`drift/${kind}/adjusted_p`] = adjustedP;
    values[`drift/${kind}/effect`] = effectSize;
  }
  return values;
}

function columnMetrics({ column, status, signals, psi, missing, mean, sd }: ColumnVerdict): Values {
  const at = `drift/columns/${column.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}`;
  const [distribution] = signals;
  return {
    [`${at}/drifted`]: status === 'not measurable' ? null : status === 'drifted',
    [`${at}/value`]: distribution?.value,
    [`${at}/adjusted_p`]: distribution?.adjustedP,
    [`${at}/effect`]: distribution?.effectSize,
    [`${at}/noise_floor`]: distribution?.noiseFloor,
    [`${at}/psi`]: psi?.value,
    [`${at}/missing_share`]: missing.window,
    [`${at}/mean`]: mean?.window,
    [`${at}/sd`]: sd?.window,
    [`${at}/new_category_share`]: signals.find(({ kind }) => kind === 'new category')?.value,
  };
}

function performanceMetrics({ realised, estimated }: Extract<PerformancePart, { measured: true }>): Values {
  return {
    ...(realised && {
      'performance/auc': realised.auc?.value,
      'performance/auc_low': realised.auc?.low,
      'performance/auc_high': realised.auc?.high,
      'performance/log_loss': realised.logLoss,
      'performance/brier': realised.brier,
      'performance/ece': realised.ece,
      'performance/rows': realised.rows,
    }),
    ...(estimated?.measured && {
      'performance/estimated_auc': estimated.auc?.value,
      'performance/estimated_auc_low': estimated.auc?.low,
      'performance/estimated_auc_high': estimated.auc?.high,
      'performance/estimated_auc_alarm': estimated.auc?.alarm,
      'performance/estimated_rows': estimated.rows,
    }),
  };
}
