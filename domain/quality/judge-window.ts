// Judges a window: its declared contracts, and the search for faults that nobody declared.
import { type ColumnReference, type FeatureReference } from '../data/profile/feature-reference.ts';
import {
  allMissing,
  columnSet,
  constantColumn,
  staleTable,
  typeChanged,
  unchangedColumns,
} from './column-faults.ts';
import { bySeverity, type ColumnCheck, type ContractResult, type Finding } from './check-result.ts';
import { defaultFilled } from './default-filled.ts';
import { type FutureRows, futureRows, onlineRowsAhead } from './future-rows.ts';
import { checkFreshness, judgeContracts } from './judge-contracts.ts';
import { type ModelDefinition } from '../model/definition.ts';
import { type WindowPass } from './window-pass.ts';
import { signFlipped, unitChanged } from './unit-changed.ts';
import { type ColumnFacts, type TableFacts, type WindowFacts } from './window-facts.ts';
import { wilsonLower } from '../drift/statistics/two-proportion-z.ts';
import { total } from '../data/math/total.ts';
import { grouped, percent, percents } from '../format-numbers.ts';

/** Everything by which a window is judged. */
export interface JudgedWindow extends Omit<WindowFacts, 'rows' | 'columns' | 'repeats'> {
  /** The definition that the window was frozen with. */
  readonly definition: ModelDefinition;
  /** The end of the window, inclusive. */
  readonly end: Date;
  /** The pass over all rows of the window. */
  readonly pass: WindowPass;
  /** Rows that are dated in the future. */
  readonly future: {
    readonly rows: readonly FutureRows[];
    /** Versions of the definition whose online rows are dated in the future. */
    readonly online: readonly number[];
  };
}

/** The results of all checks of a window. */
export interface Judged {
  /** The result of every contract, in the order of the definition; contracts of tables come last. */
  readonly contracts: ContractResult[];
  /** Warnings first. */
  readonly findings: Finding[];
}

/** Judges a window by all contracts of its definition, and searches it for other faults. */
export function judgeWindow({ definition, end, pass, future, ...facts }: JudgedWindow): Judged {
  const { rows, columns, repeats } = pass;
  const newestOf = new Map(facts.tables.map(({ table, newest }) => [table, newest]));
  return {
    contracts: [
      ...judgeContracts(pass),
      ...definition.features.flatMap(
        (view) => checkFreshness(view, newestOf.get(view.table) ?? null, end) ?? [],
      ),
    ],
    findings: bySeverity([
      ...future.rows.map(futureRows),
      ...future.online.map((version) => onlineRowsAhead(definition.name, version)),
      ...findFaults({ ...facts, rows, columns, repeats }),
    ]),
  };
}

/** The checks of a column, the most fundamental first: only the first finding of a column is reported. */
const columnChecks: readonly ColumnCheck[] = [
  typeChanged,
  allMissing,
  constantColumn,
  unitChanged,
  signFlipped,
  defaultFilled,
];

/**
 * Checks a window for faults. Columns are compared with the champion's reference; without one, only tables and changes
 * since the previous window are checked. Warnings come first.
 *
 * @example findFaults(facts).filter(({ severity }) => severity === 'warn')
 */
export function findFaults(facts: WindowFacts): Finding[] {
  const { reference, columns, tables } = facts;
  const references = new Map(reference?.columns.map((column) => [column.name, column]));
  const found = [
    ...(reference ? columnSet(facts, reference) : []),
    ...columns.flatMap((column) => checkColumn(column, references.get(column.name))),
    ...unchangedColumns(facts),
    ...tables.flatMap((table) => staleTable(table) ?? []),
    ...tables.flatMap((table) => duplicateRows(table) ?? []),
    ...[identicalRows(facts) ?? []].flat(),
  ];
  return bySeverity(found);
}

function checkColumn(column: ColumnFacts, reference: ColumnReference | undefined): Finding[] {
  if (!reference) return [];
  for (const check of columnChecks) {
    const finding = check(column, reference);
    if (finding) return [finding];
  }
  return [];
}

/** Repeated rows of a table are a warning if their share is at least this; otherwise they are information. */
const WARNING_SHARE = 0.001;

/**
 * Smallest rise of the share of identical rows since the previous window that is reported; if there is no previous
 * window, the smallest share.
 */
const MIN_RISE = 0.05;

/**
 * Finds rows of a table that have the same key and instants as another row. The point-in-time join uses only one of
 * them.
 */
function duplicateRows({ table, isSpine, windowRows, repeatedRows }: TableFacts): Finding | undefined {
  if (repeatedRows === 0) return undefined;
  const share = repeatedRows / windowRows;
  return {
    name: isSpine ? 'duplicate-entities' : 'duplicate-rows',
    column: null,
    table,
    severity: share >= WARNING_SHARE ? 'warn' : 'info',
    evidence: { rows: windowRows, repeated: repeatedRows, share },
    violation: null,
    words:
      `${grouped(repeatedRows)} of ${grouped(windowRows)} rows of the window (${percent(share)}) ` +
      'repeat the key and time of another row',
    advice: isSpine
      ? 'Check whether a load ran twice. Each entity and time is used only once, so nothing is counted twice.'
      : 'Check whether a load ran twice. Only one of these rows is used; if they differ, the one with greater values.',
  };
}

/**
 * Finds rows of different keys or times that have the same value in every feature. It is a warning if their share rose by
 * 0.05 since the previous window. Without a previous window, it is information if the share is at least 0.05 and
 * independent columns with the reference's distributions would give less than a tenth of that share.
 */
function identicalRows({ repeats, previous, reference }: WindowFacts): Finding | undefined {
  if (repeats.values === 0) return undefined;
  const share = repeats.repeats / repeats.values;
  const lower = wilsonLower({ hits: repeats.repeats, size: repeats.values });
  const before = previous?.repeats ?? null;
  const wasShare = before && before.values > 0 ? before.repeats / before.values : null;
  const expected = wasShare ?? (reference ? expectedShare(reference, repeats.values) : null);
  if (expected === null) return undefined;
  if (wasShare === null ? lower < MIN_RISE || expected > share / 10 : lower - wasShare < MIN_RISE)
    return undefined;
  const [now, then] = percents(wasShare === null ? [share] : [share, wasShare]);
  return {
    name: 'identical-rows',
    column: null,
    table: null,
    severity: wasShare === null ? 'info' : 'warn',
    evidence: { rows: repeats.values, repeated: repeats.repeats, share, shareBefore: wasShare },
    violation: null,
    words:
      `${now} of the rows have the same value as another row in every feature` +
      (then === undefined ? '' : `, up from ${then} in the previous window`),
    advice: 'Check whether rows were copied under other keys, or features are filled with defaults.',
  };
}

/** Estimates the share of identical rows if columns were independent: n/2 times the chance that two rows agree. */
function expectedShare({ columns }: FeatureReference, rows: number): number {
  const agree = columns.reduce((chance, column) => {
    const counts = column.kind === 'numeric' ? column.profile.counts : column.counts;
    const missing = column.kind === 'numeric' ? column.profile.missing : column.missing;
    const size = total(counts) + missing;
    if (size === 0) return chance;
    const squares = counts.reduce((sum, count) => sum + (count / size) ** 2, (missing / size) ** 2);
    return chance * squares;
  }, 1);
  return Math.min(1, (rows * agree) / 2);
}
