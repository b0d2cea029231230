// Chooses the views that Node merges instead of Postgres: those whose rows in reach are cheaper to read once than to look up.
import { isNumeric } from '../../../domain/model/parts/column.ts';
import { sourceColumnsOf } from '../../../domain/model/define-model.ts';
import { type ModelDefinition, type ViewDefinition } from '../../../domain/model/definition.ts';
import { durationOf } from '../../../domain/model/parts/duration.ts';
import { type Window } from '../../../domain/model/window.ts';
import { explain } from '../explain.ts';
import { sourceFieldsOf } from '../select-list.ts';
import { type Queryable, quoteColumn, quoteTable } from '../../postgres/sql-text.ts';
import { hasComparableKeys, type KeyForms, spineKeyForms } from '../key-forms.ts';
import { inReachOfWindowSql, type ViewToMerge } from './merged-view.ts';

/** When a view is merged. */
export interface MergeLimits {
  /** A window with fewer rows is joined by Postgres, which is then faster than reading the view. */
  readonly minRows: number;
  /** A look-up by an index costs about as much as reading this many rows. */
  readonly lookUpCost: number;
  /** Maximum size of all merged views together in memory, in bytes. */
  readonly maxBytes: number;
}

/** The limits, unless a test sets others. */
export const MERGE_LIMITS: MergeLimits = { minRows: 20_000, lookUpCost: 8, maxBytes: 2 ** 28 };

/** Numbers in JavaScript hold microseconds exactly for these years; instants of views outside of them are only compared. */
const FIRST_YEAR = 1720;
const LAST_YEAR = 2280;

/** The views to merge, and the forms in which keys are compared. */
export interface MergeChoice {
  readonly keys: KeyForms;
  readonly views: readonly ViewToMerge[];
}

/**
 * Chooses the views of a window to merge, from the planner's estimates. A view is left to Postgres if it is small or cheaper
 * to look up; if its keys cannot be compared by their bytes; if its ttl or lag is in calendar months or years; or if its rows
 * would need too much memory. Runs EXPLAIN only, and reads the types of the keys.
 */
export async function chooseMergedViews(
  client: Queryable,
  definition: ModelDefinition,
  window: Window,
  limits: MergeLimits = MERGE_LIMITS,
): Promise<MergeChoice> {
  const nothing = { keys: new Map<string, null>(), views: [] };
  const isUsual = window.from.getUTCFullYear() >= FIRST_YEAR && window.to.getUTCFullYear() <= LAST_YEAR;
  if (!isUsual || sourceFieldsOf(definition).some(({ isArray }) => isArray)) return nothing;
  const rows = await windowRows(client, definition, window);
  if (rows < limits.minRows) return nothing;
  const keys = await spineKeyForms(client, definition);
  const views: ViewToMerge[] = [];
  let left = limits.maxBytes;
  for (const [index, view] of definition.features.entries()) {
    if (!hasFixedTimes(view)) continue;
    const expected = await viewRows(client, view, window);
    const bytes = expected * rowBytes(definition, index);
    if (expected > limits.lookUpCost * rows || bytes > left) continue;
    if (!(await hasComparableKeys(client, definition, view, keys))) continue;
    left -= bytes;
    views.push({ definition, index, window, keys, expected });
  }
  return { keys, views };
}

/** Whether ttl and lag have a fixed length, as all units but months and years have. */
const hasFixedTimes = ({ ttl, lag }: ViewDefinition): boolean =>
  [ttl, lag].every((text) => text === undefined || !['month', 'year'].includes(durationOf(text).unit));

async function windowRows(
  client: Queryable,
  { rows: { table, timestamp } }: ModelDefinition,
  { from, to }: Window,
): Promise<number> {
  const time = quoteColumn(timestamp);
  const plan = await explain(
    client,
    `select from ${quoteTable(table)}
     where ${time} > '${from.toISOString()}'::timestamptz and ${time} <= '${to.toISOString()}'::timestamptz`,
  );
  return plan?.['Plan Rows'] ?? 0;
}

async function viewRows(client: Queryable, view: ViewDefinition, window: Window): Promise<number> {
  const plan = await explain(
    client,
    `select from ${quoteTable(view.table)} source where ${inReachOfWindowSql(view, window)}`,
  );
  return plan?.['Plan Rows'] ?? Infinity;
}

// While rows are ordered by entity, their instants are in memory twice.
const INSTANTS_BYTES = 36;

const rowBytes = (definition: ModelDefinition, index: number): number =>
  sourceColumnsOf(definition)
    .filter(({ view }) => view === index)
    .reduce((sum, { spec }) => sum + (isNumeric(spec) ? 8 : 4), INSTANTS_BYTES);
