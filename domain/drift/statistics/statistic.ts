// The description that every drift statistic provides: name, columns, threshold and direction.

/** The names of all statistics, as stored in reports. */
export const STATISTIC_NAMES = [
  'ks',
  'wasserstein',
  'chisquare',
  'jensenshannon',
  'z',
  'missing_share',
  'new_category',
  'constant',
  'psi',
  'psi_evidently',
  'wasserstein_evidently',
  'chisquare_evidently',
  'domain_classifier',
] as const;

/** The name of a statistic, as stored in reports. */
export type StatisticName = (typeof STATISTIC_NAMES)[number];

/** Describes a statistic, so that nobody has to guess which direction means drift. */
export interface Statistic {
  readonly name: StatisticName;
  /** The columns it is defined for. */
  readonly columns: 'numeric' | 'category' | 'two values' | 'any';
  /** What is compared with the threshold. */
  readonly compares: 'p-value' | 'value';
  /** On which side of the threshold there is drift. */
  readonly driftWhen: 'below' | 'at most' | 'at least';
  /** The threshold if the policy names none. */
  readonly threshold: number;
}
