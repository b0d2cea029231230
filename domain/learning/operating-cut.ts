// Where a version decides: the score from which on it says yes.
import { type OperatingThreshold } from './operating-threshold.ts';

/** The cut of a version without a threshold of its own. */
export const DEFAULT_CUT = 0.5;

/** The cut of a version. @example cutOf(artifact) // 0.5 */
export const cutOf = ({ threshold }: { readonly threshold?: OperatingThreshold }): number =>
  threshold?.cut ?? DEFAULT_CUT;
