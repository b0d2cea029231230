// Times gradient-boosted trees: fitting against scikit-learn, and scoring one row against the linear model, in one run.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installOnnxRuntime } from '../cli/local/install-python.ts';
import { recordAt } from '../domain/data/frame.ts';
import { logisticRegression } from '../domain/learning/logistic-regression.ts';
import { type OnnxArtifact } from '../domain/learning/artifact/onnx-artifact.ts';
import { linearScorer, type Scorer } from '../domain/learning/artifact/scorer.ts';
import { openOnnxScorer } from '../scoring/onnx-scorer.ts';
import { generatedRows } from './generated-rows.ts';
import { pythonWith } from './python.ts';

const SIZES = [7_000, 100_000, 1_000_000];
const COLUMNS = 14;
const ROUNDS = 100;
const SINGLE = 5_000;

const FITS = `
import json, sys, time, resource
import numpy as np
sys.path.insert(0, sys.argv[1])
from tidegate_trees.boosting import Options, Progress, boost
from tidegate_trees.to_onnx import to_onnx
from sklearn.ensemble import HistGradientBoostingClassifier
rows, columns, rounds, out = int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
random = np.random.default_rng(1)
X = random.normal(size=(rows, columns)).astype('f4')
y = (random.random(rows) < 1 / (1 + np.exp(-X[:, 0] * X[:, 1] - X[:, 2]))).astype('u1')
start = time.perf_counter()
booster, progress = boost(X, y, np.arange(rows), Options(rounds, 31, -1, 0.1, 20, 0, 7, 1.0, 1.0), Progress(), lambda p, b: None)
ours = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
open(out, 'wb').write(to_onnx(booster.dump_model(), columns))
start = time.perf_counter()
HistGradientBoostingClassifier(max_iter=rounds, max_leaf_nodes=31, learning_rate=0.1, early_stopping=False, l2_regularization=0).fit(X, y)
print(json.dumps({'ours': ours, 'peer': time.perf_counter() - start, 'peak': peak}))
`;

const python = await pythonWith(
  'lightgbm==4.7.0',
  'scikit-learn==1.9.0',
  'onnx==1.23.2',
  'temporalio==1.35.0',
  'psycopg[binary]==3.3.9',
);
if (!python) process.exit(0);
const folder = await mkdtemp(join(tmpdir(), 'tidegate-bench-trees-'));
try {
  await installOnnxRuntime(
    fileURLToPath(new URL('../node_modules/.cache/tidegate/trees', import.meta.url)),
    console.error,
  );
  const sources = fileURLToPath(new URL('../python', import.meta.url));
  const file = join(folder, 'model.onnx');
  for (const rows of SIZES) {
    const args = [sources, String(rows), String(COLUMNS), String(ROUNDS), file];
    const { ours, peer, peak } = (await python(FITS, ...args)) as {
      ours: number;
      peer: number;
      peak: number;
    };
    console.log(
      `${rows} rows, ${ROUNDS} trees: ${ours.toFixed(2)} s, scikit-learn ${peer.toFixed(2)} s ` +
        `(${(peer / ours).toFixed(1)} times as long), at most ${peak.toFixed(0)} MB`,
    );
  }
  const { frame, all } = generatedRows(20_000);
  const linear = linearScorer(logisticRegression.fit({ frame, rows: all, options: { seed: 1 } }));
  const trees = await openOnnxScorer(
    artifactOf(frame.features.map(({ name, kind }) => ({ name, kind }))),
    await readFile(file),
  );
  const [ofLinear, ofTrees] = [await p99(linear), await p99(trees)];
  console.log(
    `one row, 99 % within: linear ${ofLinear.toFixed(4)} ms, ${ROUNDS} trees ${ofTrees.toFixed(4)} ms ` +
      `(${(ofTrees / ofLinear).toFixed(0)} times as long)`,
  );

  async function p99(scorer: Scorer): Promise<number> {
    const times = new Float64Array(SINGLE);
    for (let at = 0; at < SINGLE; at += 1) {
      const record = recordAt(frame, at);
      const start = performance.now();
      await scorer.scoreRecords([record]);
      times[at] = performance.now() - start;
    }
    return times.toSorted()[Math.floor(0.99 * SINGLE)]!;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

function artifactOf(features: readonly { name: string; kind: 'numeric' | 'category' }[]): OnnxArtifact {
  const codes = [
    { value: 'a', code: 0 },
    { value: 'b', code: 1 },
  ];
  return {
    format: 'onnx',
    trainer: 'gradient-boosted-trees',
    onnx: { digest: '', bytes: 0 },
    inputs: [
      {
        name: 'features',
        type: 'float32',
        columns: features.map(({ name, kind }) =>
          kind === 'numeric'
            ? { kind, name, missing: null }
            : { kind, as: 'code', name, codes, unseen: null, missing: null },
        ),
      },
    ],
    output: { name: 'log_odds', column: 0, holds: 'log-odds' },
    seed: 1,
    effects: [],
    prior: 0.5,
    trainedRows: null,
    positives: null,
  };
}
