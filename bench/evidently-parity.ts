// Compares `preset: 'evidently'` with Evidently itself on the same rows: choice of test, score and verdict of every column.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeByEvidently } from '../domain/drift/evidently/judge-samples.ts';
import { type PandasType } from '../domain/drift/evidently/sample.ts';
import { type ColumnVerdict, type DriftVerdict } from '../domain/drift/verdict.ts';
import { type FeatureColumn } from '../domain/data/frame.ts';
import { categories, parityCase, type ParityCase, type Side } from '../test/unit/drift/evidently-columns.ts';
import { pythonWith } from './python.ts';

const SIZES = [
  [60, 40],
  [200, 150],
  [1_000, 700],
  [1_001, 400],
  [5_000, 5_000],
  [30_000, 20_000],
] as const;
/** Number of sizes whose results are recorded for the tests. */
const RECORDED = 4;
const EXPECTED = new URL('../test/unit/drift/evidently-expected.json', import.meta.url);
const STREAMFLOW = new URL('../../shared/data/streamflow/', import.meta.url);
const TABLES = ['subscriptions', 'usage_agg_30d', 'support_agg_90d', 'payments_agg_90d'];

/** Evidently's result for a column. */
interface Expected {
  readonly method: string;
  readonly score: number;
  readonly drifted: boolean;
}
interface Answer {
  readonly columns: Readonly<Record<string, Expected>>;
  readonly share: number;
  readonly drifted: boolean;
  readonly types: Readonly<Record<string, string>>;
}

const PEER = `
import json, sys, warnings
warnings.filterwarnings('ignore')
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
def read(path):
    frame = pd.read_csv(path, float_precision='round_trip')
    # Booleans with gaps are objects to pandas, and no type to Evidently; as texts they are categories.
    for name in frame.columns[frame.dtypes == object]: frame[name] = frame[name].map(str, na_action='ignore')
    return frame
reference, current = read(sys.argv[1]), read(sys.argv[2])
report = Report([DataDriftPreset()], include_tests=True).run(current, reference).dict()
columns, share = {}, None
for metric in report['metrics']:
    config = metric['config']
    if 'column' in config:
        columns[config['column']] = dict(method=config['method'], score=float(metric['value']))
    else:
        share = float(metric['value']['share'])
for test in report['tests']:
    params = test['metric_config']['params']
    if 'column' in params: columns[params['column']]['drifted'] = test['status'] == 'FAIL'
    else: drifted = test['status'] == 'FAIL'
print(json.dumps(dict(columns=columns, share=share, drifted=drifted, types={k: str(v) for k, v in current.dtypes.items()})))
`;

const python = await pythonWith('evidently==0.7.23', 'pandas==2.3.3', 'scipy==1.17.1', 'numpy==2.4.6');
if (!python) process.exit(1);

const record: Record<string, Omit<Answer, 'types'>> = {};
let failures = 0;
for (const [index, [referenceRows, windowRows]] of SIZES.entries()) {
  const name = `generated ${referenceRows} / ${windowRows}`;
  const { columns, share, drifted } = await compare(name, parityCase(referenceRows, windowRows));
  if (index < RECORDED) record[`${referenceRows}/${windowRows}`] = { columns, share, drifted };
}
if (existsSync(STREAMFLOW)) {
  const [reference, window] = [await month('month_000'), await month('month_001')];
  const types = { ...reference.types, ...window.types };
  await compare('StreamFlow, two months', { reference: reference.side, window: window.side, types });
  const first = (side: Side, rows: number): Side => ({
    rows,
    features: side.features.map((one) => head(one, rows)),
  });
  const small = { reference: first(reference.side, 900), window: first(window.side, 600), types };
  await compare('StreamFlow, first 900 and 600 users', small);
} else {
  process.stdout.write('skipped StreamFlow: its folder was not found\n');
}
if (process.argv.includes('--record')) await writeFile(EXPECTED, `${JSON.stringify(record, null, 1)}\n`);
process.exitCode = failures > 0 ? 1 : 0;

async function compare(name: string, { reference, window, types }: ParityCase): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-parity-'));
  try {
    const files = [join(folder, 'reference.csv'), join(folder, 'current.csv')] as const;
    await writeFile(files[0], csv(reference, types));
    await writeFile(files[1], csv(window, types));
    const answer = (await python!(PEER, ...files)) as Answer;
    report(name, answer, judgeByEvidently({ reference, window, types }, { share: 0.5 }));
    return answer;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function report(name: string, answer: Answer, verdict: DriftVerdict): void {
  const wrong: string[] = [];
  let worst = 0;
  for (const column of verdict.columns) {
    const expected = answer.columns[column.column];
    // Tests of free text are not reproduced; such columns must be reported as not measurable.
    if (!expected || expected.method.includes('text content')) {
      if (column.status !== 'not measurable') wrong.push(`${column.column}: Evidently tests it otherwise`);
      continue;
    }
    const score = scoreOf(column);
    const error = Math.abs(score - expected.score) / Math.max(Math.abs(expected.score), 1e-12);
    worst = Math.max(worst, error);
    const sameTest = column.words.includes(expected.method);
    if (!sameTest || error > 1e-6 || (column.status === 'drifted') !== expected.drifted)
      wrong.push(`${column.words} here, ${JSON.stringify(expected)} there (${answer.types[column.column]})`);
  }
  if (Math.abs(verdict.share - answer.share) > 1e-12 || verdict.drifted !== answer.drifted)
    wrong.push(`share ${verdict.share} here, ${answer.share} there`);
  failures += wrong.length;
  const drifted = verdict.driftedColumns.length;
  process.stdout.write(
    `${name}: ${verdict.columns.length} columns, ${drifted} drifted, ${wrong.length} differ; ` +
      `largest relative difference of a score ${worst.toExponential(1)}\n`,
  );
  for (const line of wrong) process.stdout.write(`  ${line}\n`);
}

function scoreOf({ signals: [signal] }: ColumnVerdict): number {
  return signal?.pValue ?? signal?.value ?? NaN;
}

/** Floating-point columns keep their decimal point, so that pandas reads them as floats. */
function csv({ rows, features }: Side, types: ParityCase['types']): string {
  const text = (column: FeatureColumn, row: number): string => {
    if (column.kind === 'category') return column.dictionary[column.codes[row] as number] ?? '';
    const value = column.values[row] as number;
    if (Number.isNaN(value)) return '';
    return types[column.name] === 'float' && Number.isInteger(value) ? value.toFixed(1) : String(value);
  };
  const lines = [features.map(({ name }) => name).join(',')];
  for (let row = 0; row < rows; row += 1) lines.push(features.map((column) => text(column, row)).join(','));
  return lines.join('\n');
}

async function month(name: string): Promise<{ side: Side; types: Record<string, PandasType> }> {
  const features: FeatureColumn[] = [];
  const types: Record<string, PandasType> = {};
  let rows = 0;
  for (const table of TABLES) {
    // No field of these files is quoted; rows of different tables do not have to match.
    const text = await readFile(new URL(`${name}/${table}.csv`, STREAMFLOW), 'utf8');
    const [header = '', ...lines] = text.trimEnd().split(/\r?\n/);
    rows = lines.length;
    header.split(',').forEach((column, at) => {
      if (at === 0) return;
      const cells = lines.map((line) => line.split(',')[at] ?? '');
      types[column] = pandasType(cells);
      features.push(
        types[column] === 'float' || types[column] === 'int'
          ? {
              kind: 'numeric',
              name: column,
              values: Float64Array.from(cells, (cell) => (cell === '' ? NaN : Number(cell))),
            }
          : categories(
              column,
              cells.map((cell) => (cell === '' ? null : cell)),
            ),
      );
    });
  }
  return { side: { rows, features }, types };
}

function pandasType(cells: readonly string[]): PandasType {
  const present = cells.filter((cell) => cell !== '');
  if (present.every((cell) => cell === 'True' || cell === 'False')) return 'bool';
  if (!present.every((cell) => Number.isFinite(Number(cell)))) return 'string';
  return present.length === cells.length && present.every((cell) => /^-?\d+$/.test(cell)) ? 'int' : 'float';
}

function head(column: FeatureColumn, rows: number): FeatureColumn {
  return column.kind === 'numeric'
    ? { ...column, values: column.values.slice(0, rows) }
    : { ...column, codes: column.codes.slice(0, rows) };
}
