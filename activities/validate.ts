// Validation of a version in Staging: what must hold before a person is asked.
import { heartbeat } from '@temporalio/activity';
import { recordAt } from '../domain/features/frame.ts';
import { type Artifact } from '../domain/learning/artifact.ts';
import { extremeRecords } from '../domain/learning/extreme-records.ts';
import { evaluationRows } from '../domain/learning/rows.ts';
import { scoreRecord, scoreRows } from '../domain/learning/score.ts';
import { digestOfBytes } from '../domain/canonical-json.ts';
import { type Database } from '../store/database.ts';
import { getDataset } from '../store/datasets/dataset.ts';
import { type FrozenRows } from '../store/datasets/read.ts';
import { readRowsFor } from '../store/datasets/rows-for-version.ts';
import { getDefinition, type StoredDefinition } from '../store/definitions/definitions.ts';
import { countMissingOnlineRows, materialise } from '../store/online/materialise.ts';
import { findComparison, type StoredComparison } from '../store/runs/comparisons.ts';
import { getVersion, readArtifact } from '../store/versions/versions.ts';
import { type ComparisonBody } from './compare.ts';
import { type ActivityDeps } from './deps.ts';

/** One check and what it found. */
export interface ValidationCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly words: string;
}

/** The checks of a version and whether all passed. */
export interface Validation {
  readonly passed: boolean;
  readonly checks: readonly ValidationCheck[];
  /** The checks that failed, in words. */
  readonly words: string;
}

const TIMED_ROWS = 1_000;
const P99_BOUND_MS = 5;

/** A version under validation with the rows it was compared on. */
interface Subject {
  readonly definition: StoredDefinition;
  readonly artifact: Artifact;
  readonly comparison: StoredComparison;
  readonly evaluation: FrozenRows;
}

export const validateActivities = ({ database }: ActivityDeps) => ({
  /** Writes the online rows of a version's definition at the end of the window that it was compared on. */
  async materializeOnline({
    model,
    version,
  }: {
    model: string;
    version: number;
  }): Promise<{ words: string }> {
    const { definition, asOf } = await onlineTarget(database, model, version);
    const { entities, written } = await materialise(database, definition, asOf);
    return {
      words: `materialised ${entities} entities as of ${asOf.toISOString()}, ${written} rows written`,
    };
  },

  /** Runs every check on a version in Staging. */
  async validateCandidate({ model, version }: { model: string; version: number }): Promise<Validation> {
    const { definition, asOf } = await onlineTarget(database, model, version);
    const subject = await loadSubject(database, model, version, definition);
    heartbeat('loaded');
    const missing = await countMissingOnlineRows(database, definition, asOf);
    const checks = [
      checkReload(subject),
      checkOnlineRows(missing, asOf),
      checkOnePath(subject),
      checkExtremes(subject),
      checkSpeed(subject),
    ];
    const failed = checks.filter(({ passed }) => !passed);
    const words = failed.map(({ name, words }) => `${name}: ${words}`).join('; ');
    return { passed: failed.length === 0, checks, words };
  },
});

/** Online rows speak about the end of the evaluation window: the newest instant that was looked at. */
async function onlineTarget(database: Database, model: string, version: number) {
  const { definitionVersion } = await getVersion(database, model, version);
  const comparison = await findComparison(database, model, version);
  if (!comparison) throw new Error(`version ${version} of ${model} has no comparison`);
  const { window } = await getDataset(database, comparison.datasetId);
  return { definition: await getDefinition(database, model, definitionVersion), asOf: window.to };
}

async function loadSubject(
  database: Database,
  model: string,
  version: number,
  definition: StoredDefinition,
): Promise<Subject> {
  const comparison = await findComparison(database, model, version);
  if (!comparison) throw new Error(`version ${version} of ${model} has no comparison`);
  const dataset = await getDataset(database, comparison.datasetId);
  return {
    definition,
    comparison,
    artifact: (await readArtifact(database, model, version)) as Artifact,
    evaluation: await readRowsFor(database, dataset, definition.version),
  };
}

/** The artifact read back gives the scores that were compared, to the last bit. */
function checkReload({ artifact, evaluation, comparison }: Subject): ValidationCheck {
  const rows = evaluationRows(evaluation.frame);
  const scores = scoreRows(artifact, evaluation.frame, rows);
  const passed =
    digestOfBytes(new Uint8Array(scores.buffer)) ===
    (comparison.body as ComparisonBody).candidateScoresDigest;
  const words = passed
    ? `${rows.length} scores are identical after reloading`
    : 'the reloaded artifact scores differently';
  return { name: 'artifact', passed, words };
}

const checkOnlineRows = (missing: number, asOf: Date): ValidationCheck => ({
  name: 'online rows',
  passed: missing === 0,
  words: missing === 0 ? `complete as of ${asOf.toISOString()}` : `${missing} entities have no online row`,
});

/** A record scored alone, as the API does, gives the score that its row has in the frame. */
function checkOnePath({ artifact, evaluation: { frame } }: Subject): ValidationCheck {
  const rows = Uint32Array.from({ length: Math.min(TIMED_ROWS, frame.rows) }, (_, row) => row);
  const together = scoreRows(artifact, frame, rows);
  const differing = rows.filter(
    (row) => scoreRecord(artifact, recordAt(frame, row)).score !== together[row],
  ).length;
  const words =
    differing === 0
      ? `${rows.length} records score as in training`
      : `${differing} records score differently`;
  return { name: 'one path', passed: differing === 0, words };
}

/** Odd input still gives a probability. */
function checkExtremes({ artifact, evaluation: { frame } }: Subject): ValidationCheck {
  const broken = extremeRecords(frame).filter(({ record }) => {
    const { score } = scoreRecord(artifact, record);
    return !(score >= 0 && score <= 1);
  });
  const words =
    broken.length === 0 ? 'odd input gives a probability' : broken.map(({ name }) => name).join(', ');
  return { name: 'extremes', passed: broken.length === 0, words };
}

/** The 99th percentile of scoring one record. */
function checkSpeed({ artifact, evaluation: { frame } }: Subject): ValidationCheck {
  const times = Float64Array.from({ length: TIMED_ROWS }, (_, index) => {
    const record = recordAt(frame, index % frame.rows);
    const start = performance.now();
    scoreRecord(artifact, record);
    return performance.now() - start;
  }).sort();
  const p99 = times[Math.floor(0.99 * TIMED_ROWS)] ?? Infinity;
  const words = `99 % of single rows are scored within ${p99.toFixed(2)} ms, bound ${P99_BOUND_MS} ms`;
  return { name: 'speed', passed: p99 <= P99_BOUND_MS, words };
}
