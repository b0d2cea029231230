// Times drift of a frozen window from stored rows to stored report, against Evidently, NannyML and scipy on loaded frames.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freezeReference } from '../domain/data/profile/feature-reference.ts';
import { type Frame } from '../domain/data/frame.ts';
import { tidegateMigrations } from '../migrations/tidegate/index.ts';
import { type Database } from '../store/postgres/database.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { getReport } from '../store/registry/reports.ts';
import { type FrozenModel, frozenModel } from '../test/helpers/frozen-model.ts';
import { benchPostgres } from './bench-postgres.ts';
import { COLUMNS, driftFrame, DRIFTED } from './drift-frames.ts';
import { frameTable } from './frame-table.ts';
import { type Python, pythonWith } from './python.ts';

const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [7_000, 100_000, 1_000_000];
const ROUNDS = 11;
const WARM_UP_ROWS = 7_000;
const WARM_UP_TABLE = 'warm_up';

interface Timed {
  readonly seconds: number;
  readonly cpu: number;
}

interface OursAlone {
  readonly runs: readonly Timed[];
  /** Megabytes: when warmed up and idle, and the peak since then. */
  readonly idle: number;
  readonly peak: number;
}

interface TableAlone extends OursAlone {
  /** A COPY of the same rows that are discarded. */
  readonly copies: readonly Timed[];
  readonly driftedColumns: readonly string[];
}

interface Peer extends Timed {
  readonly drifted: readonly string[];
}

const READ = `
import sys, json, time, resource, warnings, logging
warnings.filterwarnings('ignore'); logging.disable(logging.CRITICAL)
import numpy as np, pandas as pd
shape = json.load(open(sys.argv[1] + '/shape.json'))
def frame(side):
    columns = {}
    for name, dictionary in shape['columns']:
        path = f'{sys.argv[1]}/{side}-{name}'
        if dictionary is None: columns[name] = np.fromfile(path, dtype='<f8')
        else: columns[name] = np.array(dictionary, dtype=object)[np.fromfile(path, dtype='<u4')]
    return pd.DataFrame(columns)
reference, window = frame('reference'), frame('window')
def timed(work):
    usage = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    start, cpu = time.perf_counter(), usage()
    drifted = work()
    return dict(seconds=time.perf_counter() - start, cpu=usage() - cpu, drifted=[str(c) for c in drifted])
`;

const PEERS: Readonly<Record<string, string>> = {
  'Evidently, its preset': `${READ}
from evidently import Report
from evidently.presets import DataDriftPreset
def work():
    found = Report([DataDriftPreset()]).run(window, reference).dict()
    drifted = []
    for metric in found['metrics']:
        config = metric.get('config', {})
        if 'column' not in config: continue
        value, threshold = float(metric['value']), float(config['threshold'])
        isP = 'p_value' in str(config.get('method', '')) or 'p_value' in metric.get('metric_name', '')
        if (value < threshold) if isP else (value >= threshold): drifted.append(config['column'])
    return drifted
print(json.dumps(timed(work)))
`,
  'NannyML, univariate, default chunks': `${READ}
import nannyml as nml
def work():
    names = list(reference.columns)
    text = [c for c in names if reference[c].dtype == object]
    calculator = nml.UnivariateDriftCalculator(column_names=names, treat_as_categorical=text,
        continuous_methods=['wasserstein', 'kolmogorov_smirnov'], categorical_methods=['chi2', 'jensen_shannon']).fit(reference)
    found = calculator.calculate(window).to_df()
    found = found[found[('chunk', 'chunk', 'period')] == 'analysis']
    alarms = [key[0] for key in found.columns if key[2] == 'alert' and bool(found[key].any())]
    return sorted(set(alarms))
print(json.dumps(timed(work)))
`,
  'scipy, KS of the ten numbers alone': `${READ}
from scipy.stats import ks_2samp
def work():
    return [c for c in reference.columns if reference[c].dtype != object
        and ks_2samp(reference[c].to_numpy(), window[c].to_numpy()).pvalue < 0.05]
print(json.dumps(timed(work)))
`,
};

const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'Evidently, its preset': ['evidently==0.7.23', 'pandas==2.3.3', 'scipy==1.17.1', 'numpy==2.4.6'],
  'NannyML, univariate, default chunks': ['nannyml==0.13.1', 'statsmodels==0.15.0'],
  'scipy, KS of the ten numbers alone': ['scipy==1.17.1', 'pandas==3.1.1', 'numpy==2.4.6'],
};

const { database, folder, drop } = await benchPostgres({ durable: false });
try {
  await migrate(database, tidegateMigrations);
  const warmUp = await warmUpReport(database);
  const pythons = new Map<string, Python | undefined>();
  for (const [name, packages] of Object.entries(PACKAGES)) pythons.set(name, await pythonWith(...packages));
  for (const rows of SIZES) await compare(rows, warmUp, pythons);
} finally {
  await drop();
}

async function warmUpReport(database: Database): Promise<number> {
  const model = await frozenModel(database, 'warm', driftFrame(WARM_UP_ROWS, 'reference'));
  await frameTable(database, WARM_UP_TABLE, driftFrame(WARM_UP_ROWS, 'window'));
  return model.report(driftFrame(WARM_UP_ROWS, 'window'));
}

async function compare(
  rows: number,
  warmUp: number,
  pythons: ReadonlyMap<string, Python | undefined>,
): Promise<void> {
  const [reference, window] = [driftFrame(rows, 'reference'), driftFrame(rows, 'window')];
  const started = performance.now();
  freezeReference(reference);
  const freezing = (performance.now() - started) / 1_000;
  const model: FrozenModel = await frozenModel(database, `rows${rows}`, reference);
  const reportId = await model.report(window);
  const ours = await alone(warmUp, reportId);
  const { drift } = await getReport(database, reportId);
  if (!drift?.measured) throw new Error('drift was not measured');
  const brackets = drift.verdict.columns.flatMap(({ type, signals: [signal] }) =>
    type === 'numeric' ? [(signal?.valueAtMost ?? 1) - (signal?.value ?? 0)] : [],
  );
  console.log(
    `\n${rows} rows a side × ${COLUMNS} columns; drifted columns: ${Object.keys(DRIFTED).join(', ')}; median (minimum) of ${ROUNDS}`,
  );
  line('Tidegate, stored rows and scores to report', ours.runs, drift.verdict.driftedColumns);
  console.log(
    `    memory ${(ours.peak - ours.idle).toFixed(0)} MB over the idle ${ours.idle.toFixed(0)} MB; ` +
      `widest bracket of KS ${Math.max(...brackets).toExponential(1)}; freezing the reference ${freezing.toFixed(2)} s`,
  );
  const table = `plain${rows}`;
  await frameTable(database, table, window);
  const plain = await program<TableAlone>(
    './drift-table-alone.ts',
    `rows${rows}`,
    table,
    WARM_UP_TABLE,
    String(ROUNDS),
  );
  line('Tidegate, streamed from a plain table', plain.runs, plain.driftedColumns);
  console.log(
    `    memory ${(plain.peak - plain.idle).toFixed(0)} MB over the idle ${plain.idle.toFixed(0)} MB; ` +
      `${(median(plain.runs, 'seconds') / median(plain.copies, 'seconds')).toFixed(2)} of the time of a bare COPY ` +
      `(${median(plain.copies, 'seconds').toFixed(3)} s)`,
  );
  await writeFrames(reference, window);
  for (const [name, source] of Object.entries(PEERS)) {
    const python = pythons.get(name);
    if (!python) continue;
    const peer = (await python(source, folder)) as Peer;
    line(name, [peer], peer.drifted);
    console.log(
      `    Tidegate takes ${(median(ours.runs, 'seconds') / peer.seconds).toFixed(4)} of its wall time, ` +
        `${(median(ours.runs, 'cpu') / peer.cpu).toFixed(4)} of its CPU`,
    );
  }
}

function alone(warmUp: number, reportId: number): Promise<OursAlone> {
  return program('./drift-alone.ts', String(warmUp), ...Array<string>(ROUNDS).fill(String(reportId)));
}

/** Runs a program of the bench in a separate process on the bench's database and returns its output. */
async function program<T>(file: string, ...args: string[]): Promise<T> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--import',
    'tsx',
    path,
    database.url,
    ...args,
  ]);
  return JSON.parse(stdout) as T;
}

async function writeFrames(reference: Frame, window: Frame): Promise<void> {
  const columns = reference.features.map((column) => [
    column.name,
    column.kind === 'numeric' ? null : column.dictionary,
  ]);
  await writeFile(join(folder, 'shape.json'), JSON.stringify({ columns }));
  for (const [side, frame] of Object.entries({ reference, window })) {
    for (const column of frame.features) {
      const values = column.kind === 'numeric' ? column.values : column.codes;
      await writeFile(join(folder, `${side}-${column.name}`), values);
    }
  }
}

function line(name: string, runs: readonly Timed[], drifted: readonly string[]): void {
  const shown = (of: keyof Timed): string =>
    `${median(runs, of).toFixed(4)} (${Math.min(...runs.map((run) => run[of])).toFixed(4)})`;
  console.log(
    `  ${name.padEnd(36)} wall ${shown('seconds')} s, CPU ${shown('cpu')} s; found ${drifted.join(', ') || 'nothing'}`,
  );
}

function median(runs: readonly Timed[], of: keyof Timed): number {
  const sorted = runs.map((run) => run[of]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
