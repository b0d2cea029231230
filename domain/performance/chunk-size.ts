// How many rows a window needs before an estimate of its AUC says anything.
import { type SamplingError } from './sampling-error.ts';

/** Largest standard error of the AUC by chance alone. */
const REQUIRED_ERROR = 0.02;
/** No fewer rows, however well the reference parts its classes. */
const LEAST_ROWS = 300;

/**
 * The least rows for which the standard error of the AUC is at most 0.02, and at least 300.
 *
 * Formula: max(300, ⌈s² / (0.02² π)⌉), s and π the deviation and share of the AUC's sampling error: NannyML's minimum
 * chunk size (documented to version 0.8), without its rounding to hundreds.
 *
 * @example minimumRows({ deviation: 0.25, share: 0.25 }) // 625
 */
export const minimumRows = ({ deviation, share }: SamplingError): number =>
  Math.max(LEAST_ROWS, Math.ceil(deviation ** 2 / (REQUIRED_ERROR ** 2 * share) - 1e-9));
