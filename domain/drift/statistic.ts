// What every drift statistic says about itself.

/** The facts of a statistic that travel with each verdict, so that its direction is never guessed. */
export interface Statistic {
  readonly name: string;
  /** Columns it is defined for. */
  readonly columns: 'numeric' | 'category' | 'two values' | 'any';
  /** What is compared with the threshold. */
  readonly judges: 'p-value' | 'value';
  /** On which side of the threshold there is drift. */
  readonly driftWhen: 'below' | 'at most' | 'at least';
  /** The threshold where the policy names none. */
  readonly threshold: number;
}
