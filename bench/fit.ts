// Times fitting a logistic regression against scikit-learn's estimators, on the same matrix in one run.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encodeRows } from '../domain/learning/encode/encode.ts';
import { encodedWidth } from '../domain/learning/encode/encoding.ts';
import { fitEncoding } from '../domain/learning/encode/fit-encoding.ts';
import { fitLogistic } from '../domain/learning/solvers/fit-logistic.ts';
import { fitNewton } from '../domain/learning/solvers/fit-newton.ts';
import { apart, fitParity, SAME } from './fit-parity.ts';
import { generatedRows } from './generated-rows.ts';
import { pythonWith } from './python.ts';

const SIZES = [7_000, 100_000, 1_000_000];
const ROUNDS = 5;
// ml-logistic-regression needs seconds above this.
const MAX_DESCENT_ROWS = 100_000;

interface PeerTimes {
  /** Seconds of each fit, and the coefficients with the intercept first. */
  readonly fits: Readonly<Record<string, { seconds: number[]; gradient: number; coefficients: number[] }>>;
  readonly pipeline: number[];
  readonly peakMegabytes: number;
}

const PEER = `
import json, sys, time, warnings
import numpy as np, pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler, OneHotEncoder
warnings.filterwarnings('ignore')
folder, n, width, numbers, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
X = np.fromfile(folder + '/matrix', dtype='<f8').reshape(n, width)[:, 1:]
y = np.fromfile(folder + '/labels', dtype='u1')
def gradient(w):
    p = 1 / (1 + np.exp(-(X @ w[1:] + w[0])))
    g = np.concatenate([[np.sum(p - y)], X.T @ (p - y) + w[1:]])
    return float(np.linalg.norm(g) / n)
fits = {}
for name, options in {
    'lbfgs 1e-8': dict(solver='lbfgs', tol=1e-8, max_iter=10000),
    'newton-cholesky': dict(solver='newton-cholesky', tol=1e-8, max_iter=1000),
}.items():
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        model = LogisticRegression(C=1.0, **options).fit(X, y)
        seconds.append(time.perf_counter() - start)
    w = np.concatenate([model.intercept_, model.coef_[0]])
    fits[name] = dict(seconds=seconds, gradient=gradient(w), coefficients=w.tolist())
peak = int(next(l for l in open('/proc/self/status') if l.startswith('VmHWM')).split()[1]) / 1024
raw = np.fromfile(folder + '/numbers', dtype='<f8').reshape(numbers, n)
codes = np.fromfile(folder + '/codes', dtype='<u4').reshape(-1, n)
frame = pd.DataFrame({**{f'n{i}': raw[i] for i in range(numbers)},
    **{f'c{i}': np.array(['a', 'b'], dtype=object)[codes[i]] for i in range(len(codes))}})
pipeline = []
for _ in range(min(rounds, 3)):
    start = time.perf_counter()
    make_pipeline(make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), [f'n{i}' for i in range(numbers)]),
        (make_pipeline(SimpleImputer(strategy='most_frequent'), OneHotEncoder(handle_unknown='ignore')),
         [f'c{i}' for i in range(len(codes))])), LogisticRegression(max_iter=1000)).fit(frame, y)
    pipeline.append(time.perf_counter() - start)
print(json.dumps(dict(fits=fits, pipeline=pipeline, peakMegabytes=peak)))
`;

const python = await pythonWith('scikit-learn==1.9.1', 'pandas==3.1.1', 'numpy==2.4.6');

for (const rows of SIZES) {
  const { frame, all } = generatedRows(rows);
  const encoding = fitEncoding(frame, all);
  const width = encodedWidth(encoding);
  const matrix = encodeRows(encoding, frame, all);
  const problem = { matrix, width, labels: frame.labels, l2: 1 };
  const newton = timed(() => fitNewton(problem));
  const whole = timed(() => {
    const learnt = fitEncoding(frame, all);
    return fitNewton({ ...problem, matrix: encodeRows(learnt, frame, all) });
  });
  console.log(`\n${rows} rows × ${width} columns, median of ${ROUNDS}`);
  line('Tidegate, newton', newton.seconds, `gradient/n ${newton.result.gradientNorm.toExponential(1)}`);
  if (rows <= MAX_DESCENT_ROWS) {
    const descent = timed(() => fitLogistic(problem), 1);
    line('Tidegate, ml-logistic-regression', descent.seconds, `${descent.result.steps} steps`);
  }
  line('Tidegate, encoding and newton', whole.seconds, '');
  if (!python) continue;

  const folder = await mkdtemp(join(tmpdir(), 'tidegate-bench-fit-'));
  try {
    const numbers = frame.features.filter(({ kind }) => kind === 'numeric');
    await writeFile(join(folder, 'matrix'), matrix);
    await writeFile(join(folder, 'labels'), frame.labels);
    await writeFile(
      join(folder, 'numbers'),
      Buffer.concat(
        frame.features.flatMap((c) => (c.kind === 'numeric' ? [Buffer.from(c.values.buffer)] : [])),
      ),
    );
    await writeFile(
      join(folder, 'codes'),
      Buffer.concat(
        frame.features.flatMap((c) => (c.kind === 'category' ? [Buffer.from(c.codes.buffer)] : [])),
      ),
    );
    const shape = [rows, width, numbers.length, ROUNDS].map(String);
    const { fits, pipeline, peakMegabytes } = (await python(PEER, folder, ...shape)) as PeerTimes;
    for (const [name, { seconds, gradient, coefficients }] of Object.entries(fits)) {
      const ratio = median(newton.seconds) / median(seconds);
      line(
        `scikit-learn, ${name}`,
        seconds,
        `gradient/n ${gradient.toExponential(1)}; Tidegate takes ${ratio.toFixed(2)} of it; ` +
          `coefficients differ by ${apart(newton.result.coefficients, coefficients).toExponential(1)}`,
      );
    }
    const ratio = median(whole.seconds) / median(pipeline);
    line("scikit-learn's pipeline", pipeline, `Tidegate takes ${ratio.toFixed(2)} of it`);
    for (const [how, start] of Object.entries(await fitAlone())) {
      const peak = await peakOf([...start, folder, String(width)]);
      console.log(
        `  peak memory of a process that only fits, ${how}: Tidegate ${peak.toFixed(0)} MB, scikit-learn ` +
          `${peakMegabytes.toFixed(0)} MB: ${(peak / peakMegabytes).toFixed(2)} of it`,
      );
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (python) {
  console.log(`\nthe same optimum: coefficients to ${SAME.coefficients} of the largest, AUC to ${SAME.auc}`);
  if (!(await fitParity(python))) process.exitCode = 1;
}

/** How a process that only fits is started: as compiled JavaScript, and with the TypeScript loader, which uses memory as well. */
async function fitAlone(): Promise<Record<string, string[]>> {
  const project = fileURLToPath(new URL('../', import.meta.url));
  const program = join(project, 'bench', 'fit-alone.ts');
  const compiled = join(project, '.build', 'bench-fit');
  const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--outDir', compiled, '--rootDir', project, '--module', 'nodenext', '--target', 'es2023'];
  const erasing = ['--rewriteRelativeImportExtensions', '--ignoreConfig', '--noCheck', '--skipLibCheck'];
  await promisify(execFile)(process.execPath, [tsc, program, ...options, ...erasing, '--types', 'node']);
  return {
    compiled: [join(compiled, 'bench', 'fit-alone.js')],
    'with the TypeScript loader': ['--import', 'tsx', program],
  };
}

async function peakOf(start: readonly string[]): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, start);
  return Number(stdout);
}

function timed<T>(work: () => T, rounds = ROUNDS): { seconds: number[]; result: T } {
  let result = work();
  const seconds = Array.from({ length: rounds }, () => {
    const start = performance.now();
    result = work();
    return (performance.now() - start) / 1_000;
  });
  return { seconds, result };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function line(name: string, seconds: readonly number[], words: string): void {
  console.log(`  ${name.padEnd(32)}${(1_000 * median(seconds)).toFixed(1).padStart(9)} ms  ${words}`);
}
