// Checks the contracts of a definition over a window that arrives in pieces.
import { isNumeric } from '../../model/parts/column.ts';
import { type Feature, featuresOf } from '../../model/define-model.ts';
import { type ModelDefinition, type ViewDefinition } from '../../model/definition.ts';
import { type FeatureColumn } from '../../data/frame.ts';
import { checkNumbers, checkTexts, type ColumnCheck, type Found } from './column-check.ts';
import {
  type ContractKind,
  type ContractResult,
  type ContractRule,
  type MatchTexts,
  severityOf,
  type Statement,
} from '../../model/parts/contract.ts';
import { matchTexts } from '../../model/parts/regex.ts';
import { contractRules } from './rules.ts';
import { type RowNames } from './tally.ts';
import { grouped, percents } from '../../numbers-in-words.ts';
import { before, durationOf } from '../../model/parts/duration.ts';

/** A column of the frozen rows, before its values. */
export interface FrozenColumn {
  readonly name: string;
  readonly kind: 'numeric' | 'category';
  /** Values of a category column, into which the codes of every piece index. */
  readonly dictionary?: readonly string[];
}

/** Greatest difference between a share and its bound that is rounding: 0.9 of 10 rows are 9. */
const ROUNDING = 1e-9;

interface Stated extends Statement {
  readonly rule: ContractRule;
}

interface CheckedColumn {
  readonly feature: Feature;
  readonly stated: readonly Stated[];
  /** Absent where the frozen rows have no such column. */
  readonly check: ColumnCheck | undefined;
  readonly frozenAs: FrozenColumn['kind'] | undefined;
}

/**
 * The contracts of a window under way. Memory holds counts and at most five examples each, beside a table of the
 * distinct numbers of a `unique` column.
 *
 * @example
 * const contracts = new ContractCheck(definition, dataset.columns);
 * contracts.addRows(values.length);
 * contracts.addColumn({ kind: 'numeric', name: 'hours', values }, names);
 * contracts.results().filter(({ held }) => !held);
 */
export class ContractCheck {
  readonly #definition: ModelDefinition;
  readonly #columns: readonly CheckedColumn[];
  readonly #checks: ReadonlyMap<string, ColumnCheck>;
  #rows = 0;

  /** @param match how texts are matched. @default each however long that takes */
  constructor(definition: ModelDefinition, frozen: readonly FrozenColumn[], match: MatchTexts = matchTexts) {
    this.#definition = definition;
    const columns = new Map(frozen.map((column) => [column.name, column]));
    this.#columns = featuresOf(definition).map((feature) =>
      startColumn(feature, columns.get(feature.name), match),
    );
    this.#checks = new Map(
      this.#columns.flatMap(({ feature, check }) => (check ? [[feature.name, check]] : [])),
    );
  }

  /** Counts the rows of the next piece, whose columns follow one by one. */
  addRows(rows: number): void {
    this.#rows += rows;
  }

  /** Looks at a column of the piece; one that no contract speaks of is passed over. */
  addColumn(column: FeatureColumn, names: RowNames): void {
    this.#checks.get(column.name)?.add(column, names);
  }

  /** One result a contract, in the order of the definition; the check is not used after it. */
  results(): ContractResult[] {
    return this.#columns.flatMap((column) => this.#resultsOf(column));
  }

  #resultsOf({ feature, stated, check, frozenAs }: CheckedColumn): ContractResult[] {
    const table =
      feature.view === null
        ? null
        : feature.view === null
          ? null
          : (this.#definition.features[feature.view]?.table ?? null);
    if (!check) return [this.#notThere(feature, table, frozenAs)];
    const found = check.found();
    return stated.map((statement, at) => resultOf(feature, table, statement, found[at] as Found));
  }

  #notThere({ name, spec }: Feature, table: string | null, frozenAs: string | undefined): ContractResult {
    return {
      kind: 'type',
      column: name,
      table,
      severity: severityOf(spec, 'type'),
      held: false,
      rows: this.#rows,
      violations: this.#rows,
      share: this.#rows === 0 ? 0 : 1,
      bound: 0,
      examples: [],
      violation: frozenAs === undefined ? 'missing_column_check' : 'data_type_check',
      words:
        frozenAs === undefined
          ? 'the frozen rows have no such column'
          : `the frozen rows hold it as ${frozenAs}, not as ${spec.type}`,
    };
  }
}

function startColumn(feature: Feature, frozen: FrozenColumn | undefined, match: MatchTexts): CheckedColumn {
  const { spec } = feature;
  const stated = contractRules.flatMap((rule): Stated[] => {
    const statement = rule.stated(spec, match);
    return statement ? [{ ...statement, rule }] : [];
  });
  const wanted = isNumeric(spec) ? 'numeric' : 'category';
  const isThere = frozen?.kind === wanted;
  const start = (): ColumnCheck =>
    wanted === 'numeric' ? checkNumbers(stated) : checkTexts(stated, frozen?.dictionary ?? []);
  return { feature, stated, check: isThere ? start() : undefined, frozenAs: frozen?.kind };
}

function resultOf(
  { name, spec }: Feature,
  table: string | null,
  stated: Stated,
  found: Found,
): ContractResult {
  const { rule, bound, wrong } = stated;
  const { rows, violations, problem } = found;
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
    examples: found.tally.examples,
    violation: rule.violation,
    words:
      problem === undefined
        ? violationsInWords({ kind: rule.kind, rows, violations, bound, wrong })
        : `could not be checked: ${problem}`,
  };
}

/** The numbers of a contract, and what is wrong with a violation. */
interface ViolationFacts {
  readonly kind: ContractKind;
  readonly rows: number;
  readonly violations: number;
  readonly bound: number;
  readonly wrong: string;
}

/**
 * The contract in one line.
 *
 * @example '12 of 7,043 values (0.17 %) are not whole numbers; at most 0.1 % may be'
 */
function violationsInWords({ kind, rows, violations, bound, wrong }: ViolationFacts): string {
  const things = kind === 'null-share' ? 'rows' : 'values';
  if (violations === 0) return `none of ${grouped(rows)} ${things} ${wrong}`;
  const [found = '', most = ''] = percents([violations / rows, ...(bound === 0 ? [] : [bound])]);
  const allowed = bound === 0 ? 'none may' : `at most ${most} may`;
  return `${grouped(violations)} of ${grouped(rows)} ${things} (${found}) ${wrong}; ${allowed}`;
}

/**
 * The newest row known by the end of the window is at most `freshness.within` old then, inclusive.
 *
 * @param newest its timestamp; null where the table holds none up to the end of the window
 * @param end the end of the window, which is included in it
 * @returns nothing where the view states no freshness
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
        ? `${table} has no row by the end of the window; its newest ${timestamp} should be ${age}`
        : `the newest ${timestamp} is ${newest.toISOString()}, ${held ? '' : 'and should be '}${age}`,
  };
}
