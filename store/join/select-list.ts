// The columns that the point-in-time join selects from its views, in the order that its readers rely on.
import { isNumeric } from '../../domain/model/parts/column.ts';
import { sourceColumnsOf } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { quoteColumn } from '../postgres/sql-text.ts';
import { type JoinPlan, type ViewPlan } from './join-plan.ts';
import { microsOfInstantSql } from './usable-instant-sql.ts';
import { hiddenSql, viewAlias } from './view-join-sql.ts';
import { type Value } from '../../domain/model/derived/operator.ts';

// Postgres allows 1,664 columns in a result, and some are needed for keys, labels and the flags of each view.
const MAX_PLAIN_COLUMNS = 1_200;

/** A field of the result: one source column, or an array of several. */
export interface SourceField {
  readonly isArray: boolean;
  /** Positions in `sourceColumnsOf`, in the order of the elements. */
  readonly positions: readonly number[];
}

/** Returns the fields for the source columns: one for each column, or one array per view and type if there are too many. */
export function sourceFieldsOf(definition: ModelDefinition): SourceField[] {
  const sources = sourceColumnsOf(definition);
  if (sources.length <= MAX_PLAIN_COLUMNS) {
    return sources.map((_, position) => ({ isArray: false, positions: [position] }));
  }
  const groups = new Map<string, number[]>();
  sources.forEach(({ view, spec }, position) => {
    const group = `${view} ${isNumeric(spec) ? 'float8' : 'text'}`;
    groups.set(group, [...(groups.get(group) ?? []), position]);
  });
  return [...groups.values()].map((positions) => ({ isArray: true, positions }));
}

/** Returns the SQL of the fields of `sourceFieldsOf`, in the same order; null for columns of a view that Node merges. */
export function sourceColumnsSql(definition: ModelDefinition, plan?: JoinPlan): string[] {
  const columns = sourceColumnsOf(definition).map(({ name, view, spec }) =>
    plan?.views[view]?.method === 'merge'
      ? `null::${isNumeric(spec) ? 'float8' : 'text'}`
      : `${viewAlias(view)}.${quoteColumn(name)}`,
  );
  return sourceFieldsOf(definition).map(({ isArray, positions }) => {
    const list = positions.map((position) => columns[position]).join(', ');
    return isArray ? `array[${list}]` : list;
  });
}

/**
 * Returns two columns for each view. `matched_<n>`: the view has values for the row. `hidden_<n>`: the view had rows
 * in reach, but none was known in time.
 */
export const reachSql = (definition: ModelDefinition, plan: JoinPlan): string[] =>
  definition.features.flatMap((view, index) => [
    `${isMerged(plan, index) ? 'null::boolean' : `${viewAlias(index)}.tidegate_matched`} as matched_${index}`,
    `${hiddenSql(definition, view, index, plan.views[index] as ViewPlan)} as hidden_${index}`,
  ]);

/**
 * Returns a column for each view, `backfilled_<n>`: the row that was used counts as known only because of
 * `knownSince`.
 */
export const backfilledSql = ({ features }: ModelDefinition, plan: JoinPlan): string[] =>
  features.map((_, index) =>
    isMerged(plan, index)
      ? `false as backfilled_${index}`
      : `coalesce(${viewAlias(index)}.tidegate_backfilled, false) as backfilled_${index}`,
  );

const isMerged = (plan: JoinPlan, view: number): boolean => plan.views[view]?.method === 'merge';

/**
 * Returns a column for each view, `at_<n>`: the timestamp of the row that was used, in microseconds; null if no row
 * was found.
 */
export const timesSql = ({ features }: ModelDefinition): string[] =>
  features.map((_, index) => `${microsOfInstantSql(`${viewAlias(index)}.tidegate_at`)} as at_${index}`);

/**
 * Returns a function that converts the fields of the source columns, in the order of `sourceColumnsOf`, to numbers
 * (instants in microseconds) and texts. NaN counts as missing and becomes null; infinities stay.
 *
 * @example joinedValues(definition)(['29.9', null, 'DSL']) // [29.9, null, 'DSL']
 */
export function joinedValues(definition: ModelDefinition): (fields: readonly (string | null)[]) => Value[] {
  const numeric = sourceColumnsOf(definition).map(({ spec }) => isNumeric(spec));
  return (fields) =>
    numeric.map((isNumber, at) => {
      const text = fields[at] ?? null;
      if (text === null || !isNumber) return text;
      const number = Number(text);
      return Number.isNaN(number) ? null : number;
    });
}
