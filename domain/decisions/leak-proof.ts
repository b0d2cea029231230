// The proof that a comparison does not leak: which clusters and which label times each version was trained on.
import { dayOf } from '../model/window.ts';

/** What is known of the rows that one version was trained on. Plain JSON. */
export interface TrainedOn {
  readonly version: number;
  readonly role: 'candidate' | 'champion';
  readonly datasetDigest: string;
  /** The training window (from, to], ISO 8601: no row after its end was learnt from. */
  readonly window: { readonly from: string; readonly to: string };
  /** The instant by which its labels had to be known, ISO 8601. */
  readonly labelsKnownBy: string;
  readonly trainingRows: number;
  /** Evaluation clusters among its training clusters; must be 0. */
  readonly sharedClusters: number;
  /** Newest instant at which a label of its training rows became known; null where the label's table does not say. */
  readonly newestLabelKnown: string | null;
  /** Training rows whose label is not found to have been known by then; null where the table does not say. Must be 0. */
  readonly lateLabels: number | null;
  /** Evaluation rows later than the end of its training window. */
  readonly laterRows: number;
}

/** What a comparison proves of leaks. Plain JSON. */
export interface LeakProof {
  readonly evaluation: {
    readonly clusters: number;
    /** Row times of the first and the last evaluation row, ISO 8601. */
    readonly firstRow: string;
    readonly lastRow: string;
    readonly labelsKnownBy: string;
  };
  /** Those of which it is known. */
  readonly versions: readonly TrainedOn[];
  /** Versions from elsewhere, of which nothing can be proven; absent where there is none. */
  readonly unproven?: readonly UnprovenVersion[];
}

/** A version whose training rows are not known. */
export type UnprovenVersion = Pick<TrainedOn, 'version' | 'role'>;

/** Why a comparison says less. @example unprovenInWords({ version: 3, role: 'champion' }) */
export const unprovenInWords = ({ version, role }: UnprovenVersion): string =>
  `version ${version} (${role}) is unproven: it was imported, and which rows it was trained on is not known, so it may ` +
  'have learnt the very rows of this comparison, and that none of them leaked cannot be proven';

/** How many decisions a holdout served before this one. */
export interface HoldoutUse {
  /** On any rows of the holdout. */
  readonly decisions: number;
  /** Of these, on the very same evaluation rows. */
  readonly onSameRows: number;
}

/** The proof in one line a version. @example leakProofInWords(proof)[0] */
export const leakProofInWords = ({ evaluation, versions, unproven = [] }: LeakProof): string[] => [
  ...versions.map(
    (one) =>
      `version ${one.version} (${one.role}) was trained on ${one.trainingRows} rows of ` +
      `(${dayOf(new Date(one.window.from))}, ${dayOf(new Date(one.window.to))}]: ${one.sharedClusters} of ` +
      `${evaluation.clusters} evaluation clusters among them; ${labelTimesInWords(one)}; ` +
      `${one.laterRows} evaluation rows are later than its window`,
  ),
  ...unproven.map(unprovenInWords),
];

function labelTimesInWords({ lateLabels, newestLabelKnown, labelsKnownBy }: TrainedOn): string {
  if (lateLabels === null) return 'when its labels became known is not on record';
  const newest = newestLabelKnown === null ? '' : `, the newest on ${dayOf(new Date(newestLabelKnown))}`;
  return `${lateLabels} of its labels became known after ${dayOf(new Date(labelsKnownBy))}${newest}`;
}

/** "this holdout has served 3 decisions before, 1 of them on the same rows" */
export const holdoutUseInWords = ({ decisions, onSameRows }: HoldoutUse): string =>
  decisions === 0
    ? 'this holdout has served no decision before'
    : `this holdout has served ${decisions} ${decisions === 1 ? 'decision' : 'decisions'} before, ` +
      `${onSameRows} of them on the same rows`;
