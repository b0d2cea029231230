// Training: a candidate from the frozen training window, fitted in a compute thread.
import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { freezeReference } from '../domain/data/profile/feature-reference.ts';
import { encodeReference } from '../domain/data/profile/profile-codec.ts';
import { thresholdInWords } from '../domain/learning/artifact/operating-threshold.ts';
import { TREES, treesInWords } from '../domain/learning/trees.ts';
import { encodeScores } from '../domain/performance/score-reference.ts';
import { readDataset } from '../store/datasets/read.ts';
import { getRetrain, noteRetrain } from '../store/registry/retrains.ts';
import { forgetFoldFits } from '../store/registry/tree-fits.ts';
import { findVersionOfRetrain, registerVersion } from '../store/registry/versions.ts';
import { compute } from './compute/compute.ts';
import { type ComputeControl } from './compute/pool.ts';
import { type TrainingInput } from './compute/tasks.ts';
import { type ActivityDeps } from './deps.ts';
import { chosenRecipe, datasetOfRecipe } from './training/chosen-recipe.ts';
import { trainingSource } from './training/planned-training.ts';
import { thisPlatform } from './training/this-platform.ts';
import { scoreTraining } from './training/score-training.ts';
import { fitTreesBy } from './trees/fit-trees.ts';
import { trainTrees } from './trees/train-trees.ts';
import { versionInput } from './training/version-input.ts';

/** A candidate that has been registered. */
export interface Candidate {
  readonly version: number;
  readonly words: string;
}

/** The step that trains. */
export const trainActivities = (deps: ActivityDeps) => ({
  /** Trains on the labelled rows outside the holdout, by the chosen recipe, and registers a version in stage None, once per retrain. */
  async trainCandidate({ retrainId }: { retrainId: string }): Promise<Candidate> {
    const { database } = deps;
    const registered = await findVersionOfRetrain(database, retrainId);
    if (registered) {
      const how = registered.unproven ? 'imported, and is unproven' : 'trained before';
      return { version: registered.version, words: `version ${registered.version} was ${how}` };
    }
    const retrain = await getRetrain(database, retrainId);
    const source = await trainingSource(database, retrain);
    const { training } = source.definition;
    const tuning = await chosenRecipe(database, retrainId, source);
    const dataset = await datasetOfRecipe(database, retrainId, source, tuning);
    const { frame } = await readDataset(database, dataset);
    const input = versionInput(frame, training, tuning?.chosen);
    const control = {
      signal: cancellationSignal(),
      onProgress: (fraction: number) => heartbeat({ trained: fraction }),
    };
    const { artifact, scores } =
      training.trainer === TREES
        ? await trainTrees(database, fitTreesBy(deps), { request: retrainId, dataset, frame, training })
        : await trainLinear(input, control);
    const version = await registerVersion(database, {
      model: retrain.model,
      definitionVersion: dataset.definitionVersion,
      retrainId,
      datasetId: dataset.id,
      trainer: training.trainer,
      artifact,
      reference: encodeReference(freezeReference(frame)),
      scoreReference: scores && encodeScores(scores),
      tuning: tuning ?? null,
      platform: thisPlatform(),
    });
    await noteRetrain(database, retrainId, { candidateVersion: version.version });
    if (training.trainer === TREES) await forgetFoldFits(database, retrainId);
    const words =
      `trained version ${version.version} on ${input.rows.length} rows, artifact ${version.artifactDigest.slice(0, 12)}` +
      [
        ...(tuning ? [`: ${tuning.words}`] : []),
        ...(artifact.format === 'onnx' ? [`: ${treesInWords(artifact)}`] : []),
        ...(artifact.calibration ? [`; calibration: ${artifact.calibration.why}`] : []),
        ...(artifact.threshold ? [`; ${thresholdInWords(artifact.threshold)}`] : []),
      ].join('');
    log.info(words, { model: retrain.model, retrainId });
    return { version: version.version, words };
  },
});

async function trainLinear(input: TrainingInput, control: ComputeControl) {
  const artifact = await compute('fit', input, control);
  return { artifact, scores: await scoreTraining(input, artifact, control) };
}
