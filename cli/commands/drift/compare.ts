// Compares two tables for `tidegate drift` and prints the verdict; needs no model, worker or server.
import { compareTables, referenceOfTable } from '../../../domain/drift/tables/compare-tables.ts';
import { type ColumnKind } from '../../../domain/drift/tables/column-builder.ts';
import { type DriftVerdict, judgeWindow } from '../../../domain/drift/verdict.ts';
import { profileTableQuery } from '../../../store/profiles/profile-query.ts';
import { openTableQuery } from '../../../store/profiles/query-source.ts';
import { type ReadTable, readTable } from '../../../store/profiles/read-table.ts';
import { openTableFile, type TableSource } from '../../../store/profiles/table-source.ts';
import { type CsvOptions } from '../../../store/import/csv/csv-source.ts';
import { driftInMarkdown } from '../../../console/report/report-in-markdown.ts';
import { type ComparedTables, driftFile } from '../../../console/report/standalone.ts';
import { styleSheet } from '../../../console/style-sheet.ts';
import { writeFileOrOutput } from '../../shared/documents.ts';
import { type Output } from '../../output/output.ts';
import { describeMultivariate } from '../../../domain/drift/multivariate/domain-classifier.ts';
import { driftTable, notableColumns } from '../../output/report-tables.ts';

/** Where the rows of a table come from: a file or a query. */
export type TablePlace =
  { readonly file: string } | { readonly sql: string; readonly name: string; readonly url: string };

/** What to compare, and how. */
export interface Comparison {
  readonly reference: TablePlace;
  readonly current: TablePlace;
  readonly kinds: Readonly<Record<string, ColumnKind>>;
  readonly ignore: readonly string[];
  readonly key: string | undefined;
  readonly csv: CsvOptions;
  readonly preset: 'evidently' | undefined;
  readonly share: number;
  readonly alpha: number;
  readonly minRows: number;
  /** How to test for drift over all columns together; false to skip this test. */
  readonly multivariate:
    { readonly threshold?: number | undefined; readonly rows: number; readonly seed: number } | false;
  readonly failOnDrift: boolean;
  /** How the answer is written. */
  readonly as: 'text' | 'json' | 'html' | 'markdown';
  /** Where a document is written; undefined for standard output. */
  readonly out: string | undefined;
}

/** Exit codes of `tidegate drift --fail-on-drift`. */
export const EXIT_DRIFTED = 3;
export const EXIT_NOT_MEASURABLE = 4;

/** Compares and prints. @returns the exit code. @throws TidegateError UNREADABLE_TABLE, DATABASE_UNREACHABLE */
export async function compareAndPrint(comparison: Comparison, output: Output): Promise<number> {
  const { kinds, ignore, key } = comparison;
  const reference = await readTable(await openPlace(comparison.reference, [], comparison.csv), {
    kinds,
    ignore,
    key,
  });
  const names = reference.features.map(({ name }) => name);
  const { current, verdict } =
    (await judgeCounts(comparison, reference)) ?? (await judgeRows(comparison, reference, names));
  const columns = typesOf(reference, current, kinds);
  const wholeNumbers = perhapsCodes(reference, kinds);
  const added = current.features.map(({ name }) => name).filter((name) => !names.includes(name));
  if (comparison.as === 'html' || comparison.as === 'markdown') {
    const compared: ComparedTables = {
      reference: { name: reference.name, rows: reference.rows },
      current: { name: current.name, rows: current.rows },
      verdict,
      notes: [
        ...[reference, current].flatMap(({ assumed }) => assumed ?? []),
        ...(Object.keys(wholeNumbers).length > 0 ? [describeCodes(wholeNumbers)] : []),
        ...(added.length > 0 ? [`only in ${current.name}, not compared: ${added.join(', ')}`] : []),
      ],
    };
    const text = comparison.as === 'html' ? driftFile(compared, styleSheet()) : driftInMarkdown(compared);
    await writeFileOrOutput(output, text, comparison.out);
  } else if (comparison.as === 'json') {
    const side = ({ name, rows, assumed }: CurrentTable) => ({ name, rows, assumed: assumed ?? null });
    output.json({
      reference: side(reference),
      current: side(current),
      columns,
      wholeNumbers,
      onlyInCurrent: added,
      verdict,
    });
  } else {
    output.heading(
      `${current.name} (${current.rows} rows) against ${reference.name} (${reference.rows} rows)`,
    );
    for (const { assumed } of [reference, current]) if (assumed !== undefined) output.line(assumed);
    output.line(`types: ${columns.map(describeType).join(', ')}`);
    if (Object.keys(wholeNumbers).length > 0) output.line(describeCodes(wholeNumbers));
    output.line(`to set them: ${columns.map(typeOption).join(' ')}`);
    if (added.length > 0) output.line(`only in ${current.name}, not compared: ${added.join(', ')}`);
    output.line();
    printVerdict(output, verdict);
  }
  return comparison.failOnDrift ? exitOf(verdict) : 0;
}

/** The facts about the current table that are printed, whether its rows were read or only counted. */
interface CurrentTable extends Pick<ReadTable, 'name' | 'rows' | 'assumed'> {
  readonly features: readonly { readonly name: string; readonly kind: ColumnKind }[];
}

interface Judged {
  readonly current: CurrentTable;
  readonly verdict: DriftVerdict;
}

/** Reads all rows into memory and compares them. */
async function judgeRows(
  { current: place, csv, ...comparison }: Comparison,
  reference: ReadTable,
  names: readonly string[],
): Promise<Judged> {
  const { kinds, ignore, key, preset, share, alpha, minRows } = comparison;
  const current = await readTable(await openPlace(place, names, csv), { kinds, ignore, key });
  const verdict = compareTables(reference, current, {
    policy: {
      preset,
      share,
      alpha,
      minRows,
      multivariate: comparison.multivariate ? comparison.multivariate.threshold : undefined,
    },
    multivariate: comparison.multivariate || null,
    namedNumeric: Object.keys(kinds).filter((name) => kinds[name] === 'numeric'),
  });
  return { current, verdict };
}

/**
 * Compares the counts of a query, so that the current table may have any number of rows. Undefined if the comparison needs
 * the rows themselves.
 */
async function judgeCounts(comparison: Comparison, reference: ReadTable): Promise<Judged | undefined> {
  const { current: place, kinds, ignore, key, share, alpha, minRows } = comparison;
  const needsRows =
    comparison.multivariate !== false || comparison.preset !== undefined || reference.empty.length > 0;
  if (needsRows || 'file' in place) return undefined;
  const frozen = referenceOfTable(reference);
  const asCategories = new Set(Object.keys(kinds).filter((name) => kinds[name] === 'category'));
  const profiled = await profileTableQuery(place, frozen, asCategories);
  if (profiled === undefined) return undefined;
  const { columns, others, profile } = profiled;
  const added = others.filter((name) => name !== key && !ignore.includes(name));
  const features = [...columns, ...added.map((name) => ({ name, kind: 'category' as const }))];
  return {
    current: { name: place.name, rows: profile.rows, assumed: undefined, features },
    verdict: judgeWindow(frozen, profile, { share, alpha, minRows }),
  };
}

function openPlace(place: TablePlace, expected: readonly string[], csv: CsvOptions): Promise<TableSource> {
  return 'file' in place
    ? openTableFile(place.file, expected, csv)
    : openTableQuery(place.url, place.sql, place.name);
}

interface ColumnType {
  readonly column: string;
  readonly type: ColumnKind;
  /** The column's type in the current table if it is not `type`; null if it is, or if the column is missing there. */
  readonly currentType: ColumnKind | null;
  readonly inferred: boolean;
}

/** If a column has at most this many distinct whole numbers, they may be codes of categories. */
const MAX_CODES = 20;

const typesOf = (
  reference: ReadTable,
  current: CurrentTable,
  kinds: Readonly<Record<string, ColumnKind>>,
): ColumnType[] =>
  reference.features.map(({ name, kind }) => {
    const other = current.features.find((column) => column.name === name)?.kind;
    return {
      column: name,
      type: kind,
      currentType: other === undefined || other === kind ? null : other,
      inferred: kinds[name] === undefined,
    };
  });

/** For each column that was inferred to be numeric but has only a few distinct whole numbers: how many it has. */
const perhapsCodes = (
  { features }: ReadTable,
  kinds: Readonly<Record<string, ColumnKind>>,
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    features.flatMap((column) => {
      if (column.kind !== 'numeric' || kinds[column.name] !== undefined) return [];
      const found = fewWholeNumbers(column.values);
      return found === null ? [] : [[column.name, found]];
    }),
  );

/** Counts a column's distinct whole numbers; null if there are more than 20, no values, or values that are not whole. */
function fewWholeNumbers(values: Float64Array): number | null {
  const met = new Set<number>();
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    met.add(value);
    if (!Number.isInteger(value) || met.size > MAX_CODES) return null;
  }
  return met.size === 0 ? null : met.size;
}

const describeType = ({ column, type, currentType, inferred }: ColumnType): string =>
  `${column} ${type}${currentType === null ? '' : ` (now ${currentType})`}${inferred ? '' : ' (set)'}`;

function describeCodes(wholeNumbers: Readonly<Record<string, number>>): string {
  const each = Object.entries(wholeNumbers).map(([column, count]) => `${column} (${count})`);
  const options = Object.keys(wholeNumbers).map((column) => typeOption({ column, type: 'category' }));
  return `compared as numbers, although they have only a few distinct whole numbers: ${each.join(', ')}; if these are codes, use ${options.join(' ')}`;
}

/** A column's type as a `--type` option, quoted for the shell if necessary. */
function typeOption({ column, type }: Pick<ColumnType, 'column' | 'type'>): string {
  const named = `${column}=${type}`;
  return `--type ${/^[\w.=:/@%+-]+$/.test(named) ? named : `'${named.replaceAll("'", `'\\''`)}'`}`;
}

function exitOf({ status }: DriftVerdict): number {
  if (status === 'drifted') return EXIT_DRIFTED;
  return status === 'not measurable' ? EXIT_NOT_MEASURABLE : 0;
}

/** Prints a verdict. */
function printVerdict(output: Output, verdict: DriftVerdict): void {
  output.line(`${verdict.status}: ${verdict.reason}`);
  output.table(driftTable(verdict));
  for (const words of notableColumns(verdict)) output.line(words);
  if (verdict.multivariate) output.line(describeMultivariate(verdict.multivariate, verdict));
}
