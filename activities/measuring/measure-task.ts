// What the monitor's steps compute for seconds, as plain data that goes to a thread and back.
import {
  type DomainClassification,
  domainClassifier,
} from '../../domain/drift/multivariate/domain-classifier.ts';
import { type SideRows } from '../../domain/drift/multivariate/pooled-rows.ts';
import { type LabelledScores } from '../../domain/learning/calibration-intervals.ts';
import { measurePerformance, type Performance } from '../../domain/learning/performance.ts';

/** Whether rows of two sides can be told apart. */
export interface TellApartTask {
  readonly kind: 'tell apart';
  readonly reference: SideRows;
  readonly window: SideRows;
  readonly seed: number;
}

/** How good scores are against labels, with what resampling says of it; at least one row. */
export interface PerformanceTask {
  readonly kind: 'performance';
  readonly rows: LabelledScores;
  readonly seed: number;
}

/** One of the tasks. */
export type MeasureTask = TellApartTask | PerformanceTask;

/** What a task gives. */
export type MeasureResult<T extends MeasureTask> = T extends TellApartTask
  ? DomainClassification
  : Performance;

/** Does a task here. @example measureTask({ kind: 'performance', rows, seed: 7 }).auc */
export function measureTask<T extends MeasureTask>(task: T): MeasureResult<T>;
export function measureTask(task: MeasureTask): DomainClassification | Performance {
  if (task.kind === 'performance') return measurePerformance(task.rows, task.seed);
  return domainClassifier(task.reference, task.window, { seed: task.seed });
}
