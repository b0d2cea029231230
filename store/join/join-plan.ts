// How the tables of a definition are joined to its entity rows. The plan affects only the speed, never the result.
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type KeyForms } from './key-forms.ts';

/**
 * `probe`: looks up the latest row for each entity row, using an index. `scan`: reads the table once and compares,
 * for each entity row, all rows that it could use; needs no index.
 */
export type JoinMethod = 'probe' | 'scan';

/** How one view is joined. `merge`: not by Postgres, but by Node, which reads the view once (see merge/README.md). */
export interface ViewPlan {
  readonly method: JoinMethod | 'merge';
  /** Whether a unique index guarantees that no two rows of an entity have the same timestamp and `known`. */
  readonly uniqueTimes: boolean;
}

/** How every table is joined; views by their position. */
export interface JoinPlan {
  readonly views: readonly ViewPlan[];
  readonly label: JoinMethod;
  /** The forms in which the keys of each row are selected for the merge; absent if no view is merged. */
  readonly keys?: KeyForms;
}

/** The plan that uses an index on every table. {@link chooseJoinPlan} finds out whether another is faster. */
export const probeAll = ({ features }: ModelDefinition): JoinPlan => ({
  views: features.map(() => ({ method: 'probe', uniqueTimes: false })),
  label: 'probe',
});

/**
 * Settings for the join, until the end of the transaction: more memory for its sort and hash tables, and no JIT
 * compilation, which does not pay off for a statement with thousands of columns that runs once.
 */
export const JOIN_SETTINGS = `set local work_mem = '64MB'; set local jit = off`;
