// Checks that fits reach the optimum of scikit-learn's LogisticRegression, with and without class weights.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluationRows, type Frame, trainingRows } from '../domain/data/frame.ts';
import { auc } from '../domain/data/math/auc.ts';
import {
  type ClassWeight,
  describeClassWeight,
  classWeightsOf,
  countClasses,
} from '../domain/learning/metrics/class-counts.ts';
import { encodeRows } from '../domain/learning/encode/encode.ts';
import { encodedWidth } from '../domain/learning/encode/encoding.ts';
import { fitEncoding } from '../domain/learning/encode/fit-encoding.ts';
import { fitLogistic } from '../domain/learning/solvers/fit-logistic.ts';
import { fitNewton } from '../domain/learning/solvers/fit-newton.ts';
import { type LogisticProblem } from '../domain/learning/solvers/logistic-problem.ts';
import { isStreamFlowThere, STREAMFLOW } from '../test/unit/learning/streamflow-comparison.ts';
import { frameOf, readMonth } from '../test/unit/cli/demo/read-month.ts';
import { generatedRows } from './generated-rows.ts';
import { type Python } from './python.ts';

const GENERATED_ROWS = 1_000_000;
// ml-logistic-regression needs seconds above this.
const MAX_DESCENT_ROWS = 100_000;
const WEIGHTS: readonly ClassWeight[] = ['none', 'balanced', { positive: 5, negative: 1 }];

/** Largest accepted differences: of coefficients, relative to the largest one, and of the AUC. */
export const SAME = { coefficients: 1e-4, auc: 1e-4 } as const;

const PEER = `
import json, sys, warnings
import numpy as np
from sklearn.linear_model import LogisticRegression
warnings.filterwarnings('ignore')
folder, n, width, weights = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
X = np.fromfile(folder + '/matrix', dtype='<f8').reshape(n, width)[:, 1:]
y = np.fromfile(folder + '/labels', dtype='u1')
def asked(w):
    if w == 'none': return None
    return w if w == 'balanced' else {0: w['negative'], 1: w['positive']}
def fitted(w):
    m = LogisticRegression(C=1.0, solver='newton-cholesky', tol=1e-10, max_iter=1000, class_weight=asked(w)).fit(X, y)
    return [float(m.intercept_[0]), *m.coef_[0].tolist()]
print(json.dumps([fitted(w) for w in weights]))
`;

/** Fits both on the same matrices and prints how far they differ; returns false if by more than `SAME`. */
export async function fitParity(python: Python): Promise<boolean> {
  let same = true;
  for (const { name, frame, learnt, judged } of problems()) {
    const encoding = fitEncoding(frame, learnt);
    const width = encodedWidth(encoding);
    const matrix = encodeRows(encoding, frame, learnt);
    const labels = Uint8Array.from(learnt, (row) => frame.labels[row]!);
    const judgedMatrix = encodeRows(encoding, frame, judged);
    const judgedLabels = Uint8Array.from(judged, (row) => frame.labels[row]!);
    const areaOf = (coefficients: ArrayLike<number>): number =>
      auc(judgedLabels, products(judgedMatrix, coefficients)) ?? NaN;
    const theirs = await peersOf(python, { matrix, labels, width });
    console.log(`\n${name}: ${learnt.length} rows × ${width} columns, AUC on ${judged.length} rows`);
    WEIGHTS.forEach((weight, at) => {
      const classWeights = classWeightsOf(weight, countClasses(frame, learnt));
      const problem: LogisticProblem = { matrix, width, labels, l2: 1, classWeights };
      const solvers = {
        newton: fitNewton,
        ...(learnt.length <= MAX_DESCENT_ROWS && { 'gradient-descent': fitLogistic }),
      };
      for (const [solver, fit] of Object.entries(solvers)) {
        const ours = fit(problem).coefficients;
        const coefficients = apart(ours, theirs[at]!);
        const area = Math.abs(areaOf(ours) - areaOf(theirs[at]!));
        const holds = coefficients <= SAME.coefficients && area <= SAME.auc;
        same &&= holds;
        console.log(
          `  ${`${solver}, ${describeClassWeight(weight)}`.padEnd(46)}coefficients differ by ` +
            `${coefficients.toExponential(1)}, AUC by ${area.toExponential(1)}${holds ? '' : '  NOT THE SAME'}`,
        );
      }
    });
  }
  return same;
}

/** Largest difference of a coefficient, relative to the largest coefficient. */
export function apart(ours: Float64Array, theirs: readonly number[]): number {
  const largest = Math.max(...theirs.map(Math.abs));
  return Math.max(...theirs.map((value, at) => Math.abs(value - ours[at]!))) / largest;
}

interface Problem {
  readonly name: string;
  readonly frame: Frame;
  readonly learnt: Uint32Array;
  readonly judged: Uint32Array;
}

function* problems(): Generator<Problem> {
  if (isStreamFlowThere()) {
    for (const month of ['month_000', 'month_001']) {
      const frame = frameOf(readMonth(join(STREAMFLOW, month)));
      yield {
        name: `StreamFlow ${month}`,
        frame,
        learnt: trainingRows(frame),
        judged: evaluationRows(frame),
      };
    }
  } else console.log(`\nStreamFlow is skipped: the two months are not in ${STREAMFLOW}`);
  const { frame, all } = generatedRows(GENERATED_ROWS);
  yield { name: 'generated', frame, learnt: all, judged: all };
}

async function peersOf(
  python: Python,
  { matrix, labels, width }: Pick<LogisticProblem, 'matrix' | 'labels' | 'width'>,
): Promise<number[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-bench-parity-'));
  try {
    await writeFile(join(folder, 'matrix'), matrix);
    await writeFile(join(folder, 'labels'), labels);
    const shape = [String(labels.length), String(width), JSON.stringify(WEIGHTS)];
    return (await python(PEER, folder, ...shape)) as number[][];
  } finally {
    await rm(folder, { recursive: true });
  }
}

function products(matrix: Float64Array, coefficients: ArrayLike<number>): Float64Array {
  const width = coefficients.length;
  return Float64Array.from({ length: matrix.length / width }, (_, row) => {
    let sum = 0;
    for (let column = 0; column < width; column += 1)
      sum += matrix[row * width + column]! * coefficients[column]!;
    return sum;
  });
}
