// Compares champion and candidate on the same holdout rows of the evaluation window.
import { thresholdOf, DEFAULT_THRESHOLD } from '../domain/learning/artifact/operating-threshold.ts';
import { scoreFrame } from '../domain/learning/artifact/scorer.ts';
import { type ComparisonBody, describeComparison } from '../domain/decisions/comparison-body.ts';
import { type Failed, describeFailedJudgement } from '../domain/judgements.ts';
import { dueAndFailed, notDue, type TemporalHoldout } from '../domain/decisions/temporal-holdout.ts';
import { digestOfScores } from '../domain/decisions/validation.ts';
import { loadScorer, openScorer, readScorerSource } from '../scoring/scorer-source.ts';
import { type Database } from '../store/postgres/database.ts';
import { type Dataset } from '../store/registry/dataset.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { countHoldoutUse, findComparison, writeComparison } from '../store/registry/comparisons.ts';
import { candidateOf, getRetrain } from '../store/registry/retrains.ts';
import { findVersionIn, getVersion, type Version } from '../store/registry/versions.ts';
import { championFrame, type Evaluation, evaluationDataset, readEvaluation } from './evaluation.ts';
import { evaluateTemporalHoldout } from './judge-temporal-holdout.ts';
import { proveLeaks } from './prove-leaks.ts';
import { compute } from './compute/compute.ts';
import { type ActivityDeps, computeControl } from './deps.ts';
import { fitTreesBy } from './fit-trees.ts';

/** The error that prevented a judgement, as workflows see it. */
export type { Failed };

/** A comparison to make. */
export interface ComparisonAsked {
  readonly retrainId: string;
  /**
   * The result of the temporal holdout, or the error that ended it. Both are absent in runs that started before the
   * temporal holdout was a separate step.
   */
  readonly outOfTime?: TemporalHoldout;
  readonly outOfTimeFailed?: Failed;
  /**
   * The error of the last attempt, if the comparison is to be recorded as failed; absent if the comparison is to be
   * made.
   */
  readonly failed?: Failed;
}

/** The result of a comparison. */
export interface Compared {
  readonly words: string;
  /** Present if the comparison could not be made, so that there is nothing to decide on. */
  readonly failed?: true;
}

/** The steps that compare a candidate. */
export const compareActivities = (deps: ActivityDeps) => ({
  /**
   * Evaluates the recipe of a retrain's candidate on later rows. This is a separate step, so that even a crash is
   * recorded as a failed judgement.
   */
  async judgeTemporalHoldout({ retrainId }: { retrainId: string }): Promise<TemporalHoldout> {
    const { database } = deps;
    const retrain = await getRetrain(database, retrainId);
    const made = await findComparison(database, retrain.model, candidateOf(retrain));
    if (made) return made.body.outOfTime ?? notDue('there was no temporal holdout');
    return judgeFuture(deps, retrainId, await sidesOf(database, retrainId));
  },

  /**
   * Compares the candidate of a retrain with the champion, or with the class prior if there is no champion; once per
   * candidate.
   */
  async compareWithChampion({ retrainId, ...asked }: ComparisonAsked): Promise<Compared> {
    const { database } = deps;
    const retrain = await getRetrain(database, retrainId);
    const { model } = retrain;
    const candidateVersion = candidateOf(retrain);
    const made = await findComparison(database, model, candidateVersion);
    if (made) return { words: describeComparison(made.body, candidateVersion, made.championVersion) };
    if (asked.failed) return { words: describeFailedJudgement('comparison', asked.failed), failed: true };

    const compared = await sidesOf(database, retrainId);
    const { candidate, champion, dataset, evaluation } = compared;
    const { frame } = evaluation;
    const { definition } = await getDefinition(database, model, candidate.definitionVersion);
    const source = await readScorerSource(database, model, candidateVersion);
    const { prior } = source.artifact;
    const candidateScores = await scoreFrame(await openScorer(source), frame);
    const championScores = champion
      ? await scoresOfChampion(database, champion, compared)
      : // Without a model, every row would get the class prior.
        new Float64Array(frame.rows).fill(prior);
    const { comparison, ...measured } = await compute(
      'measureComparison',
      {
        input: {
          frame,
          championScores,
          candidateScores,
          prior,
          cuts: { champion: champion?.cut ?? DEFAULT_THRESHOLD, candidate: thresholdOf(source.artifact) },
          named: definition.promotion.slices ?? [],
          seed: definition.training.seed,
        },
        candidate: source,
      },
      computeControl(),
    );
    const { proof, leakedClusters } = await proveLeaks(database, evaluation, candidate, champion);
    const body: ComparisonBody = {
      ...comparison,
      ...measured,
      window: { from: dataset.window.from.toISOString(), to: dataset.window.to.toISOString() },
      datasetDigest: dataset.digest,
      candidateScoresDigest: digestOfScores(candidateScores),
      leakedClusters,
      leakProof: proof,
      outOfTime: await temporalHoldout(),
      holdout: await countHoldoutUse(database, {
        model,
        candidateVersion,
        datasetDigest: dataset.digest,
      }),
    };
    await writeComparison(database, {
      model,
      candidateVersion,
      championVersion: champion?.version ?? null,
      datasetId: dataset.id,
      body,
    });
    return { words: describeComparison(body, candidateVersion, champion?.version ?? null) };

    async function temporalHoldout(): Promise<TemporalHoldout> {
      const { outOfTime, outOfTimeFailed } = asked;
      if (outOfTimeFailed) return dueAndFailed(outOfTimeFailed.code, outOfTimeFailed.reason);
      return outOfTime ?? (await judgeFuture(deps, retrainId, compared));
    }
  },
});

/** Candidate and champion, and the rows on which they are compared. */
interface Sides {
  readonly candidate: Version;
  readonly champion: Version | null;
  readonly dataset: Dataset;
  readonly evaluation: Evaluation;
}

async function sidesOf(database: Database, retrainId: string): Promise<Sides> {
  const retrain = await getRetrain(database, retrainId);
  const candidate = await getVersion(database, retrain.model, candidateOf(retrain));
  const champion = (await findVersionIn(database, retrain.model, 'Production')) ?? null;
  const dataset = await evaluationDataset(database, retrain, candidate.definitionVersion);
  const evaluation = await readEvaluation(database, dataset, candidate.definitionVersion);
  return { candidate, champion, dataset, evaluation };
}

const scoresOfChampion = async (
  database: Database,
  champion: Version,
  { dataset, evaluation }: Sides,
): Promise<Float64Array> =>
  scoreFrame(
    await loadScorer(database, champion.model, champion.version),
    await championFrame(database, champion, dataset, evaluation),
  );

function judgeFuture(deps: ActivityDeps, retrainId: string, compared: Sides): Promise<TemporalHoldout> {
  const { candidate, champion, evaluation } = compared;
  return evaluateTemporalHoldout(deps.database, {
    retrainId,
    candidate,
    champion,
    evaluation,
    championScores: async () =>
      champion ? scoresOfChampion(deps.database, champion, compared) : new Float64Array(0),
    fitTrees: fitTreesBy(deps),
  });
}
