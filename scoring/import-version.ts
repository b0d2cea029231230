// Imports a version as an ONNX model: checks it, binds it to a frozen window of the model's data and registers it.
import { freezeReference } from '../domain/data/profile/feature-reference.ts';
import { encodeReference } from '../domain/data/profile/profile-codec.ts';
import { evaluationRows, type Frame, trainingRows } from '../domain/data/frame.ts';
import { windowEndingAt } from '../domain/model/window.ts';
import { countClasses } from '../domain/learning/metrics/class-counts.ts';
import { extremeRecords } from '../domain/learning/encode/encoding.ts';
import { IMPORTED, type OnnxArtifact } from '../domain/learning/artifact/onnx-artifact.ts';
import { mapOnnx, type OnnxSchema } from '../domain/learning/artifact/onnx-schema.ts';
import { chooseThreshold } from '../domain/learning/artifact/operating-threshold.ts';
import { type Scorer } from '../domain/learning/artifact/scorer.ts';
import { encodeScores, freezeScores } from '../domain/performance/score-reference.ts';
import { TidegateError } from '../domain/errors.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Dataset } from '../store/registry/dataset.ts';
import { freezeWindow } from '../store/datasets/freeze.ts';
import { readDataset } from '../store/datasets/read.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { newestLabelledTime } from '../store/join/newest-labelled-time.ts';
import { IMPORT, noteRetrain, openRetrain } from '../store/registry/retrains.ts';
import { MAX_ONNX_BYTES, onnxModelOf, writeOnnxModel } from '../store/registry/onnx-models.ts';
import { registerVersion, type Version } from '../store/registry/versions.ts';
import { openOnnxRuntime } from './onnx-runtime.ts';
import { openOnnxScorer, openSession } from './onnx-scorer.ts';

/** A request to import a version. */
export interface VersionImport {
  readonly model: string;
  /** Key of the import; importing again with the same key returns the same version. */
  readonly retrainId: string;
  /** Workflow id of the retrain loop that will compare the version with the champion. */
  readonly workflowId: string;
  readonly bytes: Uint8Array;
  readonly schema: OnnxSchema;
  /** Name of the model where it comes from, and a note. */
  readonly origin: { readonly name: string; readonly note: string };
  /** End of the reference window of the version; null means the newest labelled row time. */
  readonly asOf: Date | null;
  readonly requestedBy: string;
}

/** An imported version, and the window on which its references were measured. */
export interface ImportedVersion {
  readonly version: Version;
  readonly dataset: Dataset;
}

/**
 * Imports a version into stage None. Its feature and score references are measured on the model's training window, which
 * is frozen now. Its training rows are not known, so it is marked as unproven. As a trial, extreme records and the
 * window's own rows are scored; each must get a probability.
 *
 * @throws TidegateError INVALID_ONNX, ONNX_RUNTIME_MISSING, UNKNOWN_MODEL; TOO_FEW_LABELS, ONE_CLASS if the window lacks
 *   labels of a class; errors of freezing
 * @example await importVersion(database, { model: 'churn', bytes, schema: onnxSchema.parse(json), ... });
 */
export async function importVersion(database: Database, input: VersionImport): Promise<ImportedVersion> {
  const { model, retrainId, bytes, schema, origin, requestedBy } = input;
  if (bytes.length > MAX_ONNX_BYTES) {
    const megabytes = (size: number): string => `${Math.ceil(size / 2 ** 20)} MB`;
    throw new TidegateError(
      'INVALID_ONNX',
      `the model has ${megabytes(bytes.length)}; at most ${megabytes(MAX_ONNX_BYTES)} are stored`,
    );
  }
  const session = await openSession(openOnnxRuntime(), bytes);
  const source = await getDefinition(database, model);
  const newest = await newestLabelledTime(database, source.definition, input.asOf);
  if (!newest)
    throw new TidegateError('TOO_FEW_LABELS', `no row of ${source.definition.rows.table} has a label yet`);
  const dataset = await freezeWindow(database, {
    request: `${retrainId}/training`,
    definition: source.definition,
    definitionVersion: source.version,
    window: windowEndingAt(newest, source.definition.training.window, source.definition.monitor),
  });
  const { frame } = await readDataset(database, dataset);
  const mapped = mapOnnx(schema, session.inputMetadata, session.outputMetadata, frame.features);
  const { prior } = countClasses(frame, trainingRows(frame), 1);
  const artifact: OnnxArtifact = {
    format: 'onnx',
    trainer: IMPORTED,
    onnx: onnxModelOf(bytes),
    ...mapped,
    seed: null,
    effects: [],
    prior,
    trainedRows: null,
    positives: null,
    ...(schema.threshold !== undefined && { threshold: chooseThreshold({ value: schema.threshold }, null) }),
    origin,
  };
  const scorer = await openOnnxScorer(artifact, bytes);
  await scoreOnTrial(scorer, frame);
  await writeOnnxModel(database, bytes);
  await openRetrain(database, {
    id: retrainId,
    model,
    reportId: null,
    asOf: input.asOf,
    trigger: IMPORT,
    requestedBy,
    workflowId: input.workflowId,
    runId: '',
  });
  const version = await registerVersion(database, {
    model,
    definitionVersion: source.version,
    retrainId,
    datasetId: dataset.id,
    trainer: IMPORTED,
    artifact,
    reference: encodeReference(freezeReference(frame)),
    scoreReference: await scoreReference(scorer, frame, source.definition.training.seed),
  });
  await noteRetrain(database, retrainId, { datasetId: dataset.id, candidateVersion: version.version });
  return { version, dataset };
}

/**
 * Scores extreme records and all rows.
 *
 * @throws TidegateError INVALID_ONNX naming a record whose score is not a probability
 */
async function scoreOnTrial(scorer: Scorer, frame: Frame): Promise<void> {
  const odd = extremeRecords(frame);
  const alone = await tried(() => scorer.scoreRecords(odd.map(({ record }) => record)));
  const bad = alone.findIndex((score) => !(score >= 0 && score <= 1));
  if (bad >= 0) throw notAProbability(`a record with ${odd[bad]!.name}`, alone[bad]!);
  const rows = Uint32Array.from({ length: frame.rows }, (_, row) => row);
  const together = await tried(() => scorer.scoreRows(frame, rows));
  const row = together.findIndex((score) => !(score >= 0 && score <= 1));
  if (row >= 0) throw notAProbability(`row ${row} of the window`, together[row]!);
}

const notAProbability = (what: string, score: number): TidegateError =>
  new TidegateError('INVALID_ONNX', `${what} is scored ${score}, which is not a probability`);

/**
 * Converts an error of the runtime during scoring to INVALID_ONNX, because it is a fault of the model or its schema.
 */
async function tried<T>(score: () => T | Promise<T>): Promise<T> {
  try {
    return await score();
  } catch (cause) {
    if (cause instanceof TidegateError) throw cause;
    const message = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!;
    throw new TidegateError('INVALID_ONNX', `the model fails while it scores: ${message}`, { cause });
  }
}

async function scoreReference(scorer: Scorer, frame: Frame, seed: number) {
  const rows = evaluationRows(frame);
  if (rows.length === 0) return null;
  const scores = await scorer.scoreRows(frame, rows);
  const labels = Uint8Array.from(rows, (row) => frame.labels[row]!);
  const times = BigInt64Array.from(rows, (row) => frame.times[row]!);
  return encodeScores(freezeScores('holdout', { scores, labels, times }, seed));
}
