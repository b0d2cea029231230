// Times a comparison on up to a million rows: only clustered DeLong, and everything including resampling.
import { compare } from '../domain/learning/compare/comparison.ts';
import { pairedDelong } from '../domain/data/math/delong.ts';
import { logisticRegression } from '../domain/learning/logistic-regression.ts';
import { measureComparison } from '../domain/learning/compare/side-by-side.ts';
import { linearScorer } from '../domain/learning/artifact/scorer.ts';
import { scoreRows } from '../domain/learning/artifact/score.ts';
import { generatedRows } from './generated-rows.ts';

const SIZES = [10_000, 100_000, 1_000_000];
/** Rows of each cluster. */
const ROWS_EACH = 2;

for (const size of SIZES) {
  const { frame: single, all } = generatedRows(size);
  const frame = { ...single, clusters: single.clusters.map((cluster) => Math.floor(cluster / ROWS_EACH)) };
  const fit = (rows: Uint32Array, seed: number) =>
    logisticRegression.fit({ frame, rows, options: { seed, solver: 'newton' } });
  const candidate = fit(all.subarray(0, 20_000), 1);
  const [first, second] = [fit(all.subarray(0, 2_000), 2), candidate].map((one) =>
    scoreRows(one, frame, all),
  ) as [Float64Array, Float64Array];
  const { labels, clusters } = frame;
  const delong = seconds(() => pairedDelong({ labels, clusters, first, second }));
  const plain = seconds(() => compare({ labels, clusters, championScores: first, candidateScores: second }));
  const started = performance.now();
  const measured = await measureComparison(
    {
      frame,
      championScores: first,
      candidateScores: second,
      prior: candidate.prior,
      cuts: { champion: 0.5, candidate: 0.5 },
      named: [],
      seed: 1,
    },
    linearScorer(candidate),
  );
  const whole = (performance.now() - started) / 1_000;
  console.log(
    `${size} rows: DeLong ${delong.toFixed(2)} s, comparison ${plain.toFixed(2)} s, everything with ` +
      `${measured.measures.bootstrap.replicates} draws, slices and importance ${whole.toFixed(1)} s (${(whole / delong).toFixed(0)} times DeLong)`,
  );
}

function seconds(work: () => unknown): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1_000;
}
