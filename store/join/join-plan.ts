// How the tables of a definition are joined to the spine: the rows are the same, the time it takes is not.
import { type ModelDefinition } from '../../domain/model/definition.ts';

/**
 * `probe`: for each row of the spine the latest row is looked up, by an index. `scan`: the table is read once, and
 * all rows in reach are compared; needs no index.
 */
export type JoinMethod = 'probe' | 'scan';

/** How one view is joined. */
export interface ViewPlan {
  readonly method: JoinMethod;
  /** A unique index says that no two rows of an entity are equal in timestamp and `known`. */
  readonly uniqueTimes: boolean;
}

/** How every table is joined; views by their position. */
export interface JoinPlan {
  readonly views: readonly ViewPlan[];
  readonly label: JoinMethod;
}

/** The plan that holds for every table with indexes: {@link chooseJoinPlan} looks whether it is the best. */
export const probeAll = ({ features }: ModelDefinition): JoinPlan => ({
  views: features.map(() => ({ method: 'probe', uniqueTimes: false })),
  label: 'probe',
});

/**
 * More memory for the one sort and the hash tables of the join, and no compiling of a statement that names thousands of
 * columns once. They end with the transaction.
 */
export const JOIN_SETTINGS = `set local work_mem = '64MB'; set local jit = off`;
