// Decides which frozen datasets may lose their rows, by what still uses them.
import { before, durationOf } from '../model/parts/duration.ts';

/** The stage of a version. */
type Stage = 'None' | 'Staging' | 'Production' | 'Archived';

/** Something that was made from a dataset; `at` is when it was last relevant. */
export type DatasetUse =
  | {
      /** A version that was trained or compared on the dataset. */
      readonly kind: 'training' | 'comparison';
      readonly version: number;
      readonly stage: Stage;
      /** A rollback may go to any version that was in Production. */
      readonly wasInProduction: boolean;
      readonly at: Date;
    }
  | {
      readonly kind: 'report';
      readonly id: number;
      /** The newest report of the model: its run may still be measuring, and the next report is compared with it. */
      readonly isNewest: boolean;
      readonly at: Date;
    }
  | { readonly kind: 'retrain'; readonly id: string; readonly isOpen: boolean; readonly at: Date };

/** A dataset that still has its rows. */
export interface KeptDataset {
  readonly id: number;
  readonly createdAt: Date;
  readonly uses: readonly DatasetUse[];
}

/** Whether this use keeps the rows, however old they are. */
export function holdsRows(use: DatasetUse): boolean {
  switch (use.kind) {
    case 'training':
    case 'comparison':
      // A version in stage None is still being compared, or its retrain failed. The retrain is a separate use that
      // covers both cases.
      return use.stage === 'Staging' || use.stage === 'Production' || use.wasInProduction;
    case 'report':
      return use.isNewest;
    case 'retrain':
      return use.isOpen;
  }
}

/**
 * Returns the datasets whose rows may be deleted, longest unused first. Rows may be deleted if no use keeps them and
 * the last use of the dataset is longer ago than `retention`.
 *
 * @param retention a duration, such as '12 months'
 * @example mayExpire(datasets, '12 months', new Date('2026-11-25Z')).map(({ id }) => id)
 */
export function mayExpire(datasets: readonly KeptDataset[], retention: string, now: Date): KeptDataset[] {
  const bound = before(now, durationOf(retention)).getTime();
  return datasets
    .filter(({ uses }) => !uses.some(holdsRows))
    .map((dataset) => ({ dataset, unusedSince: unusedSince(dataset) }))
    .filter(({ unusedSince: since }) => since < bound)
    .toSorted((a, b) => a.unusedSince - b.unusedSince || a.dataset.id - b.dataset.id)
    .map(({ dataset }) => dataset);
}

const unusedSince = ({ createdAt, uses }: KeptDataset): number =>
  Math.max(createdAt.getTime(), ...uses.map(({ at }) => at.getTime()));

/** Describes a use. @example describeUse(use) // 'version 2 was trained on it (Production)' */
export function describeUse(use: DatasetUse): string {
  switch (use.kind) {
    case 'training':
      return `version ${use.version} was trained on it (${standing(use)})`;
    case 'comparison':
      return `version ${use.version} was compared on it (${standing(use)})`;
    case 'report':
      return `report ${use.id} describes it${use.isNewest ? ' (the newest)' : ''}`;
    case 'retrain':
      return `retrain ${use.id} uses it${use.isOpen ? ' (open)' : ''}`;
  }
}

const standing = ({ stage, wasInProduction }: { stage: Stage; wasInProduction: boolean }): string =>
  stage === 'Archived' && wasInProduction ? 'Archived, a rollback can restore it' : stage;
