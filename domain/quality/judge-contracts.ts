// Judges the contracts of a definition from what was counted in a window.
import { type ViewDefinition } from '../model/definition.ts';
import { type ContractKind, severityOf } from '../model/parts/contract.ts';
import { before, durationOf } from '../model/parts/duration.ts';
import { grouped, percents } from '../format-numbers.ts';
import { type ContractResult } from './check-result.ts';
import { type ContractCount } from './count-column.ts';
import { type DeclaredColumn, type Stated, type WindowPass } from './window-pass.ts';

/** Largest difference between a share and its bound that is a rounding error: 1 − 0.9 is not exactly 0.1. */
const ROUNDING = 1e-9;

/** Returns one result per contract of a column, in the order of the definition. */
export const judgeContracts = ({ rows, declared }: Pick<WindowPass, 'rows' | 'declared'>): ContractResult[] =>
  declared.flatMap((column) =>
    column.contracts === null
      ? [unusableColumn(column, rows)]
      : column.contracts.map(({ stated, count }) => resultOf(column, stated, count)),
  );

function unusableColumn(
  { feature: { name, spec }, table, frozenAs }: DeclaredColumn,
  rows: number,
): ContractResult {
  return {
    kind: 'type',
    column: name,
    table,
    severity: severityOf(spec, 'type'),
    held: false,
    rows,
    violations: rows,
    share: rows === 0 ? 0 : 1,
    bound: 0,
    examples: [],
    violation: frozenAs === undefined ? 'missing_column_check' : 'data_type_check',
    words:
      frozenAs === undefined
        ? 'the frozen rows have no such column'
        : `the frozen rows contain it as ${frozenAs}, not as ${spec.type}`,
  };
}

function resultOf(
  { feature: { name, spec }, table }: DeclaredColumn,
  { rule, bound, wrong }: Stated,
  { rows, violations, tally, problem }: ContractCount,
): ContractResult {
  const share = rows === 0 ? 0 : violations / rows;
  const held = problem === undefined && share <= bound + ROUNDING;
  return {
    kind: rule.kind,
    column: name,
    table,
    severity: severityOf(spec, rule.kind),
    held,
    rows,
    violations,
    share,
    bound,
    examples: tally.examples,
    violation: rule.violation,
    words:
      problem === undefined
        ? describeViolations({ kind: rule.kind, rows, violations, bound, wrong })
        : `could not be checked: ${problem}`,
  };
}

/** The numbers of a contract, and the text that says what is wrong with a violation. */
interface ViolationFacts {
  readonly kind: ContractKind;
  readonly rows: number;
  readonly violations: number;
  readonly bound: number;
  readonly wrong: string;
}

/**
 * Describes the result of a contract in one line.
 *
 * @example '12 of 7,043 values (0.17 %) are not whole numbers; at most 0.1 % are allowed'
 */
function describeViolations({ kind, rows, violations, bound, wrong }: ViolationFacts): string {
  const unit = kind === 'null-share' ? 'rows' : 'values';
  if (violations === 0) return `none of ${grouped(rows)} ${unit} ${wrong}`;
  const [found = '', max = ''] = percents([violations / rows, ...(bound === 0 ? [] : [bound])]);
  const allowed = bound === 0 ? 'none are allowed' : `at most ${max} are allowed`;
  return `${grouped(violations)} of ${grouped(rows)} ${unit} (${found}) ${wrong}; ${allowed}`;
}

/**
 * Checks that the newest row known at the end of the window is at most `freshness.within` old at that time, inclusive.
 *
 * @param newest its timestamp; null if the table has no rows up to the end of the window
 * @param end the end of the window, inclusive
 * @returns undefined if the view declares no freshness
 */
export function checkFreshness(
  view: ViewDefinition,
  newest: Date | null,
  end: Date,
): ContractResult | undefined {
  const { table, timestamp, freshness } = view;
  if (!freshness) return undefined;
  const { within, severity } = freshness;
  const held = newest !== null && newest >= before(end, durationOf(within));
  const age = `at most ${within} before ${end.toISOString()}`;
  return {
    kind: 'freshness',
    column: null,
    table,
    severity,
    held,
    rows: 1,
    violations: held ? 0 : 1,
    share: held ? 0 : 1,
    bound: 0,
    examples: [],
    violation: null,
    words:
      newest === null
        ? `${table} has no rows up to the end of the window; its newest ${timestamp} should be ${age}`
        : `the newest ${timestamp} is ${newest.toISOString()}, ${held ? '' : 'but should be '}${age}`,
  };
}
