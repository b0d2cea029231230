// Training: a candidate from the frozen training window, fitted in a thread of its own.
import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { freezeReference } from '../domain/drift/feature-reference.ts';
import { encodeReference } from '../domain/drift/profile-codec.ts';
import { TidegateError } from '../domain/errors.ts';
import { trainingRows } from '../domain/learning/rows.ts';
import { encodeScores } from '../domain/performance/score-reference.ts';
import { getDataset } from '../store/datasets/dataset.ts';
import { readDataset } from '../store/datasets/read.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { getRetrain, noteRetrain } from '../store/runs/retrains.ts';
import { findVersionOfRetrain, registerVersion } from '../store/versions/versions.ts';
import { type ActivityDeps } from './deps.ts';
import { scoreTraining } from './training/score-training.ts';
import { trainInThread } from './training/train-in-thread.ts';
import { trainingOptions } from './training/training-options.ts';

/** A candidate that has been registered. */
export interface Candidate {
  readonly version: number;
  readonly words: string;
}

/** The step that trains. */
export const trainActivities = ({ database }: ActivityDeps) => ({
  /** Trains on the labelled rows outside the holdout and registers a version in stage None, once per retrain. */
  async trainCandidate({ retrainId }: { retrainId: string }): Promise<Candidate> {
    const registered = await findVersionOfRetrain(database, retrainId);
    if (registered) {
      return { version: registered.version, words: `version ${registered.version} was trained before` };
    }
    const { model, datasetId } = await getRetrain(database, retrainId);
    if (datasetId === null) throw new TidegateError('INTERNAL', `retrain ${retrainId} has no frozen dataset`);
    const dataset = await getDataset(database, datasetId);
    const { definition } = await getDefinition(database, model, dataset.definitionVersion);
    const { frame } = await readDataset(database, dataset);
    const rows = trainingRows(frame);
    const { trainer } = definition.training;
    const input = { frame, rows, trainer, options: trainingOptions(definition.training) };
    const control = {
      signal: cancellationSignal(),
      onProgress: (fraction: number) => heartbeat({ trained: fraction }),
    };
    const artifact = await trainInThread(input, control);
    const scores = await scoreTraining(input, artifact, control);
    const version = await registerVersion(database, {
      model,
      definitionVersion: dataset.definitionVersion,
      retrainId,
      datasetId,
      trainer,
      artifact,
      reference: encodeReference(freezeReference(frame)),
      scoreReference: scores && encodeScores(scores),
    });
    await noteRetrain(database, retrainId, { candidateVersion: version.version });
    const words = `trained version ${version.version} on ${rows.length} rows, artifact ${version.artifactDigest.slice(0, 12)}`;
    log.info(words, { model, retrainId });
    return { version: version.version, words };
  },
});
