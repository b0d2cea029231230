// Explanations: why one record got its score.
import { type FeatureRecord } from '../features/frame.ts';
import { type Artifact } from './artifact.ts';
import { calibrated } from './calibration-map.ts';
import { columnWidth } from './encoding.ts';
import { encodeRecord } from './encode.ts';
import { partOf } from './feature-effects.ts';
import { sigmoid } from './sigmoid.ts';

/** What one feature adds to a score. */
export interface Contribution {
  readonly feature: string;
  /** Log-odds that the record's value adds beside what the feature adds to the mean training row. */
  readonly logOdds: number;
}

/**
 * A score and what it is made of: the logistic function of base and contributions together, mapped by the version's
 * calibration where it has one. Contributions are in log-odds before calibration.
 */
export interface Explanation {
  readonly score: number;
  /** The logistic function itself; absent where nothing is calibrated. */
  readonly scoreBeforeCalibration?: number;
  /** Log-odds of a row with the mean part of every feature. */
  readonly base: number;
  /** The largest first, whatever their sign. */
  readonly contributions: readonly Contribution[];
}

/**
 * The exact contributions of a record's features to its score.
 *
 * Formula: for a linear model the Shapley value of a feature is its part of the log-odds less the mean of that part
 * (Lundberg and Lee, NIPS 2017, with features taken as independent).
 *
 * @example explainRecord(artifact, { monthly_fee: 29.85, net_service: 'DSL' }).contributions[0]
 */
export function explainRecord(
  { encoding, coefficients, effects, calibration }: Artifact,
  record: FeatureRecord,
): Explanation {
  const encoded = encodeRecord(encoding, record);
  let first = 1;
  let base = coefficients[0]!;
  let logOdds = coefficients[0]!;
  const contributions = encoding.columns.map((column, index) => {
    const part = partOf(encoded, 0, first, (first += columnWidth(column)), coefficients);
    const center = effects[index]?.center ?? 0;
    base += center;
    logOdds += part;
    return { feature: column.name, logOdds: part - center };
  });
  contributions.sort((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds));
  const fitted = sigmoid(logOdds);
  const score = calibrated(calibration?.map, fitted);
  const isMapped = calibration !== undefined && calibration.map.kind !== 'none';
  return { score, ...(isMapped && { scoreBeforeCalibration: fitted }), base, contributions };
}
