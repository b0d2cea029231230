// Refuses windows in which `known` hides too many values, because silent nulls in training are worse than an error.
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { suggestLag } from '../../domain/model/suggest-lag.ts';
import { windowEndingAt } from '../../domain/model/window.ts';
import { TidegateError } from '../../domain/errors.ts';
import { percents } from '../../domain/format-numbers.ts';
import { type Database } from '../postgres/database.ts';
import { type Queryable } from '../postgres/sql-text.ts';
import { chooseJoinPlan } from './choose-join-plan.ts';
import { type ViewPlan } from './join-plan.ts';
import { measureKnownDelay } from './known-delay.ts';
import { newestRowTime } from './newest-labelled-time.ts';
import { windowSpineSql } from './spine-sql.ts';
import { hiddenSql, viewAlias, viewJoinSql } from './view-join-sql.ts';

/** Maximum share of otherwise matching rows that `known` may hide. */
export const MAX_HIDDEN = 0.05;
// From a larger window, this many rows are sampled by a hash of their position.
const SAMPLED_ROWS = 10_000;

/** For each view, for how many rows of a window it has values, and for how many they are hidden. */
export interface Reach {
  /** Rows for which the view has values. */
  readonly matched: readonly number[];
  /** Rows for which it has values that are hidden only by `known`. */
  readonly hidden: readonly number[];
}

/**
 * Refuses a window in which `known` hides more than 5 % of the otherwise matching rows of a view.
 *
 * @throws TidegateError FEATURES_NOT_KNOWN, whose remedy names the lag that would cover 99 % of the view's rows
 */
export async function refuseHidden(
  client: Queryable,
  definition: ModelDefinition,
  reach: Reach,
): Promise<void> {
  for (const [index, view] of definition.features.entries()) {
    const hidden = reach.hidden[index] ?? 0;
    const inReach = hidden + (reach.matched[index] ?? 0);
    if (inReach === 0 || hidden / inReach <= MAX_HIDDEN) continue;
    const [share = ''] = percents([hidden / inReach, MAX_HIDDEN]);
    throw new TidegateError(
      'FEATURES_NOT_KNOWN',
      `${share} of the rows of ${view.table} became known later than ${view.timestamp} + ${view.lag ?? '0 hours'}, ` +
        `so they would be silently null in training`,
      { remedy: await remedyFor(client, view) },
    );
  }
}

async function remedyFor(client: Queryable, view: ViewDefinition): Promise<string> {
  const { p99 } = await measureKnownDelay(client, view);
  const lag = p99 === null ? 'the delay with which the table is loaded' : `'${suggestLag(p99)}'`;
  const why = p99 === null ? '' : `: 99 % of its rows are known within that time`;
  return `Set lag: ${lag} for ${view.table}${why}. If the rows were loaded later than new rows will be from now on, set knownSince.`;
}

/**
 * Checks the newest monitor window, as freezing it would.
 *
 * @throws TidegateError as {@link refuseHidden}
 */
export async function refuseHiddenNow(database: Database, definition: ModelDefinition): Promise<void> {
  if (definition.features.every(({ known }) => known === undefined)) return;
  const newest = await newestRowTime(database, definition);
  if (!newest) return;
  const { from, to } = windowEndingAt(newest, definition.monitor.window, definition.monitor);
  const { rows } = await database.pool.query<Record<string, number>>(
    await hiddenCountsSql(database.pool, definition),
    [from, to],
  );
  const counts = rows[0] ?? {};
  await refuseHidden(database.pool, definition, {
    matched: definition.features.map((_, index) => counts[`matched_${index}`] ?? 0),
    hidden: definition.features.map((_, index) => counts[`hidden_${index}`] ?? 0),
  });
}

async function hiddenCountsSql(client: Queryable, definition: ModelDefinition): Promise<string> {
  const plan = await chooseJoinPlan(client, definition);
  const checked = definition.features.flatMap((view, index) =>
    view.known === undefined ? [] : [{ view, index, of: plan.views[index] as ViewPlan }],
  );
  const counts = checked.flatMap(({ view, index, of }) => [
    `count(${viewAlias(index)}.tidegate_matched)::int as matched_${index}`,
    `(count(*) filter (where ${hiddenSql(definition, view, index, of)}))::int as hidden_${index}`,
  ]);
  const joins = checked.map(({ view, index, of }) => viewJoinSql(definition, view, index, of));
  return `
    with spine as (
      select * from (${windowSpineSql(definition)}
      ) whole
      order by md5(tidegate_row::text)
      limit ${SAMPLED_ROWS}
    )
    select ${counts.join(', ')}
    from spine${joins.join('')}`;
}
