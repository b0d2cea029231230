// Validates a version in Staging: gathers facts and timings; the checks are in domain/decisions.
import { heartbeat } from '@temporalio/activity';
import { type Frame, recordAt } from '../domain/data/frame.ts';
import { keepsOnline } from '../domain/model/definition.ts';
import { type Scorer } from '../domain/learning/artifact/scorer.ts';
import { type Failed, describeFailedJudgement } from '../domain/judgements.ts';
import {
  checkExtremes,
  checkOnePath,
  checkOnlineRows,
  checkReload,
  checkSliceFloor,
  checkSpeed,
  SINGLE_ROWS,
  type Validation,
  validationOf,
} from '../domain/decisions/validation.ts';
import { loadScorer } from '../scoring/scorer-source.ts';
import { type Database } from '../store/postgres/database.ts';
import { getDataset } from '../store/registry/dataset.ts';
import { readRowsFor } from '../store/datasets/rows-for-version.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { countMissingOnlineRows } from '../store/online/lookup.ts';
import { getComparison } from '../store/registry/comparisons.ts';
import { getVersion } from '../store/registry/versions.ts';
import { type ActivityDeps, freezeControl } from './deps.ts';

/** The result of a validation, as workflows see it. */
export type { Validation };

/** A version in Staging. */
export interface VersionToValidate {
  readonly model: string;
  readonly version: number;
  /** The error of the last attempt, if the version is to be recorded as not passed; absent if it is to be checked. */
  readonly failed?: Failed;
}

/** The step that checks a version in Staging. */
export const validateActivities = ({ database }: ActivityDeps) => ({
  /** Runs every check on a version in Staging. */
  async validateCandidate({ model, version, failed }: VersionToValidate): Promise<Validation> {
    if (failed) {
      const words = describeFailedJudgement('validation', failed);
      return validationOf([{ name: 'validation', passed: false, words }]);
    }
    const { definition, dataset, scoresDigest, slices } = await comparedOn(database, model, version);
    const asOf = dataset.window.to;
    const scorer = await loadScorer(database, model, version);
    const { frame } = await readRowsFor(database, dataset, definition.version, freezeControl());
    heartbeat('loaded');
    const missing = keepsOnline(definition.definition)
      ? await countMissingOnlineRows(database, definition, asOf)
      : null;
    return validationOf([
      await checkReload(scorer, frame, scoresDigest),
      checkOnlineRows(missing, asOf),
      await checkOnePath(scorer, frame),
      await checkExtremes(scorer, frame),
      checkSliceFloor(slices),
      checkSpeed(await timeSingleRows(scorer, frame)),
    ]);
  },
});

/** The window on which a version was compared; its online rows must be as of the end of this window. */
async function comparedOn(database: Database, model: string, version: number) {
  const { definitionVersion } = await getVersion(database, model, version);
  const { datasetId, body } = await getComparison(database, model, version);
  return {
    definition: await getDefinition(database, model, definitionVersion),
    dataset: await getDataset(database, datasetId),
    scoresDigest: body.candidateScoresDigest,
    slices: body.slices,
  };
}

/** Times the scoring of `SINGLE_ROWS` single records, in milliseconds; the rows of a smaller frame are repeated. */
async function timeSingleRows(scorer: Scorer, frame: Frame): Promise<Float64Array> {
  const durations = new Float64Array(SINGLE_ROWS);
  for (let index = 0; index < SINGLE_ROWS; index += 1) {
    const record = recordAt(frame, index % frame.rows);
    const start = performance.now();
    await scorer.scoreRecords([record]);
    durations[index] = performance.now() - start;
  }
  return durations;
}
