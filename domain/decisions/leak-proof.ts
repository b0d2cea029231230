// The proof that a comparison does not leak: the clusters and label times that each version was trained on.
import { dayOf } from '../model/window.ts';

/** The rows that one version was trained on, compared with the evaluation rows. Plain JSON. */
export interface TrainedOn {
  readonly version: number;
  readonly role: 'candidate' | 'champion';
  readonly datasetDigest: string;
  /** The training window (from, to], ISO 8601; no later row was used in training. */
  readonly window: { readonly from: string; readonly to: string };
  /** The instant by which its labels had to be known, ISO 8601. */
  readonly labelsKnownBy: string;
  readonly trainingRows: number;
  /** Evaluation clusters that are also training clusters; must be 0. */
  readonly sharedClusters: number;
  /** Latest instant at which a label of its training rows became known; null if the label table does not record it. */
  readonly newestLabelKnown: string | null;
  /**
   * Training rows whose label was not known by `labelsKnownBy`; null if the label table does not record it. Must be 0.
   */
  readonly lateLabels: number | null;
  /** Evaluation rows later than the end of its training window. */
  readonly laterRows: number;
}

/** The proof for one comparison. Plain JSON. */
export interface LeakProof {
  readonly evaluation: {
    readonly clusters: number;
    /** Row times of the first and the last evaluation row, ISO 8601. */
    readonly firstRow: string;
    readonly lastRow: string;
    readonly labelsKnownBy: string;
  };
  /** Versions whose training rows are known. */
  readonly versions: readonly TrainedOn[];
  /** Imported versions, for which nothing can be proven; absent if there are none. */
  readonly unproven?: readonly UnprovenVersion[];
}

/** A version whose training rows are not known. */
export type UnprovenVersion = Pick<TrainedOn, 'version' | 'role'>;

/**
 * Explains what cannot be proven for an imported version.
 *
 * @example describeUnproven({ version: 3, role: 'champion' })
 */
export const describeUnproven = ({ version, role }: UnprovenVersion): string =>
  `version ${version} (${role}) is unproven: it was imported, and its training rows are not known; it may have been ` +
  'trained on rows of this comparison, so the absence of a leak cannot be proven';

/** How many earlier decisions used the same holdout. */
export interface HoldoutUse {
  /** Number of earlier decisions that used any rows of the holdout. */
  readonly decisions: number;
  /** Number of earlier decisions that used exactly the same evaluation rows. */
  readonly onSameRows: number;
}

/** Describes the proof, one line per version. @example describeLeakProof(proof)[0] */
export const describeLeakProof = ({ evaluation, versions, unproven = [] }: LeakProof): string[] => [
  ...versions.map(
    (one) =>
      `version ${one.version} (${one.role}) was trained on ${one.trainingRows} rows of ` +
      `(${dayOf(new Date(one.window.from))}, ${dayOf(new Date(one.window.to))}]: ${one.sharedClusters} of ` +
      `${evaluation.clusters} evaluation clusters among them; ${describeLabelTimes(one)}; ` +
      `${one.laterRows} evaluation rows are later than its window`,
  ),
  ...unproven.map(describeUnproven),
];

function describeLabelTimes({ lateLabels, newestLabelKnown, labelsKnownBy }: TrainedOn): string {
  if (lateLabels === null) return 'when its labels became known was not recorded';
  const newest = newestLabelKnown === null ? '' : `, the newest on ${dayOf(new Date(newestLabelKnown))}`;
  return `${lateLabels} of its labels became known after ${dayOf(new Date(labelsKnownBy))}${newest}`;
}

/**
 * Describes how often the holdout was used.
 *
 * @example describeHoldoutUse(use) // 'this holdout was used for 3 decisions before, 1 of them on the same rows'
 */
export const describeHoldoutUse = ({ decisions, onSameRows }: HoldoutUse): string =>
  decisions === 0
    ? 'this holdout was not used for a decision before'
    : `this holdout was used for ${decisions} ${decisions === 1 ? 'decision' : 'decisions'} before, ` +
      `${onSameRows} of them on the same rows`;
