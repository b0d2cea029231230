// What every drift statistic says about itself.

/** The names of all statistics, as reports carry them. */
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

/** The name of a statistic, as reports carry it. */
export type StatisticName = (typeof STATISTIC_NAMES)[number];

/** The facts of a statistic that travel with each verdict, so that its direction is never guessed. */
export interface Statistic {
  readonly name: StatisticName;
  /** Columns it is defined for. */
  readonly columns: 'numeric' | 'category' | 'two values' | 'any';
  /** What is compared with the threshold. */
  readonly judges: 'p-value' | 'value';
  /** On which side of the threshold there is drift. */
  readonly driftWhen: 'below' | 'at most' | 'at least';
  /** The threshold where the policy names none. */
  readonly threshold: number;
}
