// Reads the rows on which champion and candidate are compared.
import { evaluationRows, type Frame } from '../domain/data/frame.ts';
import { windowEndingAt } from '../domain/model/window.ts';
import { TidegateError } from '../domain/errors.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Dataset, getDataset } from '../store/registry/dataset.ts';
import { freezeWindow } from '../store/datasets/freeze.ts';
import { type Keys, readKeys } from '../store/datasets/keys.ts';
import { datasetFor } from '../store/datasets/rows-for-version.ts';
import { readDataset } from '../store/datasets/read.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { newestLabelledTime } from '../store/join/newest-labelled-time.ts';
import { getReport } from '../store/registry/reports.ts';
import { type Retrain } from '../store/registry/retrains.ts';
import { type Version } from '../store/registry/versions.ts';
import { freezeControl } from './deps.ts';

/**
 * The labelled holdout rows of a window, with their row numbers in the dataset, and the keys of all rows of the
 * dataset.
 */
export interface Evaluation {
  readonly dataset: Dataset;
  /** Contains only the evaluation rows. */
  readonly frame: Frame;
  readonly rows: Uint32Array;
  readonly keys: Keys;
}

/**
 * Returns the evaluation window: the window of the report that caused the retrain; without a report, the monitor window
 * at the requested instant.
 */
export async function evaluationDataset(
  database: Database,
  retrain: Retrain,
  definitionVersion: number,
): Promise<Dataset> {
  if (retrain.reportId !== null) {
    return getDataset(database, (await getReport(database, retrain.reportId)).datasetId);
  }
  const { definition } = await getDefinition(database, retrain.model, definitionVersion);
  const asOf = retrain.asOf ?? (await newestLabelledTime(database, definition, null));
  if (!asOf) throw new TidegateError('TOO_FEW_LABELS', `no row of ${definition.rows.table} has a label yet`);
  return freezeWindow(database, {
    request: `${retrain.id}/evaluation`,
    definition,
    definitionVersion,
    window: windowEndingAt(asOf, definition.monitor.window, definition.monitor),
    ...freezeControl(),
  });
}

/**
 * Reads the evaluation rows of a window, with the columns and label of a definition.
 *
 * @throws TidegateError TOO_FEW_LABELS if the window has no evaluation rows
 */
export async function readEvaluation(
  database: Database,
  window: Dataset,
  definitionVersion: number,
): Promise<Evaluation> {
  const dataset = await datasetFor(database, window, definitionVersion, freezeControl());
  const { frame, numbers } = await readDataset(database, dataset, { rows: evaluationRows });
  if (frame.rows === 0) {
    throw new TidegateError('TOO_FEW_LABELS', 'no holdout row of the evaluation window has a mature label');
  }
  return { dataset, frame, rows: numbers ?? everyRow(frame), keys: await readKeys(database, dataset) };
}

/**
 * Returns the evaluation rows with the columns of the champion's own definition; entities and times are the same.
 *
 * @throws TidegateError DATASET_CHANGED if entities or times are not the same
 */
export async function championFrame(
  database: Database,
  champion: Version,
  window: Dataset,
  evaluation: Evaluation,
): Promise<Frame> {
  const own = await datasetFor(database, window, champion.definitionVersion, freezeControl());
  if (own.id === evaluation.dataset.id) return evaluation.frame;
  const isSame = own.rows === evaluation.dataset.rows && (await haveSameKeys(database, own, evaluation));
  const { rows } = evaluation;
  const frame = isSame ? (await readDataset(database, own, { rows })).frame : undefined;
  if (frame?.times.every((time, row) => time === evaluation.frame.times[row])) return frame;
  throw new TidegateError(
    'DATASET_CHANGED',
    'the rows of the evaluation window changed while it was being compared',
  );
}

async function haveSameKeys(database: Database, own: Dataset, { rows, keys }: Evaluation): Promise<boolean> {
  const ownKeys = await readKeys(database, own);
  return rows.every((row) => ownKeys.bytesAt(row).equals(keys.bytesAt(row)));
}

const everyRow = ({ rows }: Frame): Uint32Array => Uint32Array.from({ length: rows }, (_, row) => row);
