// Checks the contracts of a definition on a window that arrives in pieces.
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
import { grouped, percents } from '../../format-numbers.ts';
import { before, durationOf } from '../../model/parts/duration.ts';

/** The description of a column of the frozen rows. */
export interface FrozenColumn {
  readonly name: string;
  readonly kind: 'numeric' | 'category';
  /** Values of a category column; the codes in every piece are indices into this list. */
  readonly dictionary?: readonly string[];
}

/** Largest difference between a share and its bound that is a rounding error: 1 − 0.9 is not exactly 0.1. */
const ROUNDING = 1e-9;

interface Stated extends Statement {
  readonly rule: ContractRule;
}

interface CheckedColumn {
  readonly feature: Feature;
  readonly stated: readonly Stated[];
  /** Undefined if the frozen rows have no such column of the right kind. */
  readonly check: ColumnCheck | undefined;
  readonly frozenAs: FrozenColumn['kind'] | undefined;
}

/**
 * Checks the contracts of a window piece by piece. Keeps in memory only counts, at most five examples per contract, and
 * a table of the distinct numbers of each `unique` column.
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

  /** @param match matches texts with a regular expression. @default without a time limit */
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

  /** Starts the next piece; add the columns of the piece afterwards, one by one. */
  addRows(rows: number): void {
    this.#rows += rows;
  }

  /** Checks a column of the piece; ignores a column without contracts. */
  addColumn(column: FeatureColumn, names: RowNames): void {
    this.#checks.get(column.name)?.add(column, names);
  }

  /** Returns one result per contract, in the order of the definition. Must be the last call. */
  results(): ContractResult[] {
    return this.#columns.flatMap((column) => this.#resultsOf(column));
  }

  #resultsOf({ feature, stated, check, frozenAs }: CheckedColumn): ContractResult[] {
    const table = feature.view === null ? null : (this.#definition.features[feature.view]?.table ?? null);
    if (!check) return [this.#unusableColumn(feature, table, frozenAs)];
    const found = check.found();
    return stated.map((statement, at) => resultOf(feature, table, statement, found[at] as Found));
  }

  #unusableColumn(
    { name, spec }: Feature,
    table: string | null,
    frozenAs: string | undefined,
  ): ContractResult {
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
          : `the frozen rows contain it as ${frozenAs}, not as ${spec.type}`,
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
