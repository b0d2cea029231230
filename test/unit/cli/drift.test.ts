// `tidegate drift` on files, without a database, worker or server.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../cli/shared/config.ts';
import { Output } from '../../../cli/output/output.ts';
import { buildProgram } from '../../../cli/program.ts';
import { type DriftVerdict } from '../../../domain/drift/verdict.ts';
import { parseDefinition } from '../../../domain/model/define-model.ts';
import { togetherThreshold } from '../../../domain/drift/multivariate/domain-classifier.ts';
import { Random } from '../../../domain/random.ts';
import { failureOf } from '../../helpers/failures.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-drift-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  process.exitCode = 0;
});

async function file(name: string, text: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function drift(...args: string[]): Promise<string> {
  let said = '';
  const output = new Output({
    stdout: { write: (text: string) => (said += text) },
    stderr: { write: () => undefined },
  });
  const program = buildProgram({ config: () => readConfig({}), output });
  program.commands.forEach((command) => command.configureOutput({ writeErr: () => undefined }));
  await program.parseAsync(['drift', ...args], { from: 'user' });
  return said;
}

interface Answer {
  readonly columns: {
    column: string;
    type: string;
    currentType: string | null;
    inferred: boolean;
  }[];
  readonly wholeNumbers: Readonly<Record<string, number>>;
  readonly onlyInCurrent: string[];
  readonly verdict: DriftVerdict;
}
const asked = async (...args: string[]): Promise<Answer> =>
  JSON.parse(await drift(...args, '--json')) as Answer;

function table(rows: number, { shift = 0, seed = 1 } = {}): string {
  const random = new Random(seed, rows, 0);
  const lines = Array.from({ length: rows }, (_, row) =>
    [
      `u${row}`,
      (random.normal() + shift).toFixed(4),
      random.below(8),
      random.chance(0.2) ? '' : ['red', 'green', 'blue'][random.below(3)],
      `0${1000 + random.below(4)}`,
    ].join(','),
  );
  return ['user,fee,visits,colour,zip', ...lines].join('\n');
}

describe('two files', () => {
  it('are compared with the default policy of a definition', async () => {
    const [a, b] = [
      await file('a.csv', table(400)),
      await file('b.csv', table(400, { shift: 0.3, seed: 5 })),
    ];
    const { verdict } = await asked(a, b, '--key', 'user');
    const { drift: policy } = parseDefinition({
      name: 'silent',
      entity: { name: 'user', keys: ['user'] },
      rows: { table: 'users', timestamp: 'at' },
      features: [{ table: 'usage', timestamp: 'at', columns: { fee: { type: 'numeric' } } }],
      label: { table: 'labels', column: 'y', timestamp: 'at' },
      monitor: { every: '1 day', window: '1 day' },
      training: { trainer: 'logistic-regression', window: '1 day' },
      promotion: {},
    });
    const together = verdict.others.find(({ kind }) => kind === 'multivariate');
    if (!policy.multivariate) throw new Error('the definition does not look at all columns together');
    expect(policy).toMatchObject({ share: verdict.threshold, alpha: verdict.alpha, weights: 'equal' });
    expect(policy.multivariate.threshold).toBeUndefined();
    expect(together?.threshold).toBe(togetherThreshold(verdict.columns.length));
    expect(verdict.columns.map(({ weight }) => weight)).toEqual([1, 1, 1, 1]);
  });

  it('with column names that are special to a shell get quoted --type options', async () => {
    const rows = Array.from({ length: 40 }, (_, row) => `${row % 3},${row / 7}`);
    const odd = await file('odd.csv', ["cost in $,it's", ...rows].join('\n'));
    expect(await drift(odd, odd, '--no-multivariate')).toContain(
      `to set them: --type 'cost in $=numeric' --type 'it'\\''s=numeric'\n`,
    );
  });

  it('are compared, and the answer has the inferred types and the drifted column', async () => {
    const reference = await file('a.csv', table(900));
    const current = await file('b.csv', table(500, { shift: 0.6, seed: 2 }).replaceAll(',', ';'));
    const answer = await asked(reference, current, '--key', 'user');
    expect(answer.columns.map(({ column, type }) => `${column} ${type}`)).toEqual([
      'fee numeric',
      'visits numeric',
      'colour category',
      'zip category',
    ]);
    expect(answer.verdict).toMatchObject({
      driftedColumns: ['fee'],
      share: 0.25,
      referenceRows: 900,
      windowRows: 500,
    });
    expect(answer.verdict.multivariate?.columns[0]?.column).toBe('fee');
    const text = await drift(reference, current, '--key', 'user');
    expect(text).toContain('types: fee numeric');
    expect(text).toContain(
      'to set them: --type fee=numeric --type visits=numeric --type colour=category --type zip=category\n',
    );
    expect(text).toContain(
      'compared as numbers, although they have only a few distinct whole numbers: visits (8); if these are codes, use --type visits=category\n',
    );
    expect(answer.wholeNumbers).toEqual({ visits: 8 });
    const named = await asked(reference, current, '--key', 'user', '--type', 'visits=numeric');
    expect(named.wholeNumbers).toEqual({});
    expect(text).toMatch(/^fee +drifted .+ ks +/m);
  });

  it('end the process with 3 if they drifted and 4 if nothing was measured, only with --fail-on-drift', async () => {
    const [a, b] = [await file('a.csv', table(300)), await file('b.csv', table(300, { shift: 2, seed: 3 }))];
    const plain = [a, b, '--key', 'user', '--share', '0.2', '--no-multivariate'];
    await drift(...plain);
    expect(process.exitCode).toBe(0);
    await drift(...plain, '--fail-on-drift');
    expect(process.exitCode).toBe(3);
    await drift(a, a, '--key', 'user', '--fail-on-drift');
    expect(process.exitCode).toBe(0);
    const few = await file('few.csv', table(20));
    await drift(a, few, '--key', 'user', '--fail-on-drift');
    expect(process.exitCode).toBe(4);
  });

  it('are recognized as Parquet by their bytes, not by their name', async () => {
    const numbers = Float64Array.from({ length: 400 }, (_, row) => row % 97);
    const columnData = [{ name: 'fee', data: Array.from(numbers), type: 'DOUBLE' as const }];
    const parquet = await file('rows.data', new Uint8Array(parquetWriteBuffer({ columnData })));
    const csv = await file('c.csv', ['fee', ...numbers].join('\n'));
    const { verdict } = await asked(csv, parquet);
    expect(verdict).toMatchObject({ status: 'stable', notMeasurable: [] });
    expect(verdict.columns[0]?.signals[0]?.value).toBe(0);
  });

  it("are compared by Evidently's rules with --preset evidently", async () => {
    const [a, b] = [await file('a.csv', table(300)), await file('b.csv', table(300, { shift: 1, seed: 4 }))];
    const { verdict } = await asked(a, b, '--key', 'user', '--preset', 'evidently');
    expect(verdict).toMatchObject({ preset: 'evidently', threshold: 0.5 });
    expect(verdict.driftedColumns).toContain('fee');
    expect(verdict.columns.map(({ signals }) => signals[0]?.statistic)).toEqual([
      'ks',
      'chisquare_evidently',
      'chisquare_evidently',
      'chisquare_evidently',
    ]);
  });

  it('give a verdict with a reason for a column that changed its type, was removed or added, is empty or has no rows', async () => {
    const column = (name: string, cells: readonly unknown[]): string => [name, ...cells].join('\n');
    const rows = (value: unknown): unknown[] => new Array<unknown>(40).fill(value);
    const numbers = await file(
      'n.csv',
      column(
        'x',
        Array.from({ length: 40 }, (_, i) => i),
      ),
    );
    const texts = await file('t.csv', column('x', rows('abc')));
    const other = await file('o.csv', column('y', rows(1)));
    const empty = await file('e.csv', column('x,y', rows(',1')));
    const none = await file('h.csv', 'x\n');
    const reasonOf = async (a: string, b: string) => (await asked(a, b)).verdict.columns[0]?.reason;
    expect(await reasonOf(numbers, texts)).toMatch(/was numeric in the reference and is category/);
    expect(await reasonOf(numbers, other)).toMatch(/missing from the window/);
    expect((await asked(numbers, other)).onlyInCurrent).toEqual(['y']);
    // If all values go missing, that is drift and not a change of type.
    expect((await asked(numbers, empty)).verdict.driftedColumns).toEqual(['x']);
    expect(await reasonOf(numbers, none)).toMatch(/the window has no values/);
    expect(await reasonOf(none, numbers)).toMatch(/the window|the reference has no values/);
  });

  it("are compared as numbers by Evidently's preset if --type says so, even with few distinct values", async () => {
    const of = (values: number): string =>
      ['x', ...Array.from({ length: 600 }, (_, row) => String(row % values))].join('\n');
    const [seven, eight] = [await file('seven.csv', of(7)), await file('eight.csv', of(8))];
    const statisticOf = async (...named: string[]) =>
      (await asked(seven, eight, '--preset', 'evidently', ...named)).verdict.columns[0]?.signals[0]
        ?.statistic;
    expect(await statisticOf()).toBe('chisquare_evidently');
    expect(await statisticOf('--type', 'x=numeric')).toBe('ks');
    expect(await statisticOf('--type', 'x=category')).toBe('chisquare_evidently');
  });

  it('have the types that --type sets, without the ignored columns', async () => {
    const a = await file('a.csv', table(200));
    const { columns } = await asked(a, a, '--key', 'user', '--type', 'zip=numeric', '--type', 'fee=ignore');
    expect(columns).toContainEqual({ column: 'zip', type: 'numeric', currentType: null, inferred: false });
    expect(columns.map(({ column }) => column)).not.toContain('fee');
  });

  it.each([
    [
      'a text among numbers after the kind was settled',
      ['x', ...new Array<number>(10_000).fill(1), 'abc'].join('\n'),
      /:10002 x: "abc" is not a number, but the column is numeric/,
    ],
    ['two columns of one name', 'x,x\n1,2', /two columns are named "x"/],
    ['a column without a name', 'x,\n1,2', /column 2 has no name/],
    ['a row of another length', 'x,y\n1,2\n3', /:3.*1 cells under 2 columns/],
    ['no header', '', /no header/],
  ])('are refused for %s', async (_, text, message) => {
    const path = await file('bad.csv', text);
    const { code, message: said } = await failureOf(drift(path, path));
    expect(code).toBe('UNREADABLE_TABLE');
    expect(said).toMatch(message);
  });

  it('are refused if one does not exist', async () => {
    expect(await failureOf(drift(join(folder, 'none.csv'), 'x'))).toMatchObject({
      code: 'UNREADABLE_TABLE',
      places: [{ problem: 'it does not exist' }],
    });
  });

  it.each([
    [['a.csv'], /current/],
    [[], /reference/],
    [['a.csv', 'b.csv', '--current-sql', 'select 1'], /not both/],
    [['a.csv', 'b.csv', '--type', 'x=text'], /column=numeric/],
    [['a.csv', 'b.csv', '--share', '0'], /above 0/],
  ])('are refused when called wrongly: %j', async (args, message) => {
    await expect(drift(...args)).rejects.toThrow(message);
  });
});
