// Comparison: champion and candidate on the same holdout rows of the evaluation window.
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { cutOf, DEFAULT_CUT } from '../domain/learning/operating-cut.ts';
import { scoreFrame } from '../domain/learning/scorer.ts';
import { type ComparisonBody, comparisonInWords } from '../domain/lifecycle/comparison-body.ts';
import { digestOfScores } from '../domain/lifecycle/validation.ts';
import { loadScorer, openScorer, readScorerSource } from '../scoring/scorer-source.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { countHoldoutUse, findComparison, writeComparison } from '../store/runs/comparisons.ts';
import { candidateOf, getRetrain } from '../store/runs/retrains.ts';
import { findVersionIn, getVersion } from '../store/versions/versions.ts';
import { championFrame, evaluationDataset, readEvaluation } from './comparing/evaluation.ts';
import { judgeOutOfTime } from './comparing/judge-out-of-time.ts';
import { fitTreesBy } from './trees/fit-trees.ts';
import { proveLeaks } from './comparing/prove-leaks.ts';
import { compute } from './compute/compute.ts';
import { type ActivityDeps } from './deps.ts';

/** The step that compares a candidate. */
export const compareActivities = (deps: ActivityDeps) => ({
  /**
   * Compares the candidate of a retrain with the champion, or with the class prior where there is none; once per
   * candidate.
   */
  async compareWithChampion({ retrainId }: { retrainId: string }): Promise<{ words: string }> {
    const { database } = deps;
    const retrain = await getRetrain(database, retrainId);
    const { model } = retrain;
    const candidateVersion = candidateOf(retrain);
    const made = await findComparison(database, model, candidateVersion);
    if (made) return { words: comparisonInWords(made.body, candidateVersion, made.championVersion) };

    const candidate = await getVersion(database, model, candidateVersion);
    const champion = (await findVersionIn(database, model, 'Production')) ?? null;
    const { definition } = await getDefinition(database, model, candidate.definitionVersion);
    const dataset = await evaluationDataset(database, retrain, candidate.definitionVersion);
    const evaluation = await readEvaluation(database, dataset, candidate.definitionVersion);
    const { frame } = evaluation;

    const source = await readScorerSource(database, model, candidateVersion);
    const { prior } = source.artifact;
    const candidateScores = await scoreFrame(await openScorer(source), frame);
    const championScores = champion
      ? await scoreFrame(
          await loadScorer(database, model, champion.version),
          await championFrame(database, champion, dataset, evaluation),
        )
      : // What "no model" would answer to everybody.
        new Float64Array(frame.rows).fill(prior);
    const { comparison, ...measured } = await compute(
      'measureComparison',
      {
        input: {
          frame,
          championScores,
          candidateScores,
          prior,
          cuts: { champion: champion?.cut ?? DEFAULT_CUT, candidate: cutOf(source.artifact) },
          named: definition.promotion.slices ?? [],
          seed: definition.training.seed,
        },
        candidate: source,
      },
      { signal: cancellationSignal(), onProgress: (fraction) => heartbeat({ measured: fraction }) },
    );
    const outOfTime = await judgeOutOfTime(database, {
      retrainId,
      candidate,
      champion,
      evaluation,
      championScores,
      fitTrees: fitTreesBy(deps),
    });
    const { proof, leakedClusters } = await proveLeaks(database, evaluation, candidate, champion);
    const body: ComparisonBody = {
      ...comparison,
      ...measured,
      window: { from: dataset.window.from.toISOString(), to: dataset.window.to.toISOString() },
      datasetDigest: dataset.digest,
      candidateScoresDigest: digestOfScores(candidateScores),
      leakedClusters,
      leakProof: proof,
      outOfTime,
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
    return { words: comparisonInWords(body, candidateVersion, champion?.version ?? null) };
  },
});
