// Counts, for the training rows of a frozen window, the view values that became known only after the label.
import { instant } from '../../domain/model/parts/column.ts';
import { clusterKeys, holdoutPolicy } from '../../domain/model/define-model.ts';
import { type ModelDefinition, type ViewDefinition } from '../../domain/model/definition.ts';
import { type LateView } from '../../domain/learning/leak-alarm.ts';
import { type Database } from '../postgres/database.ts';
import { type Dataset } from '../registry/dataset.ts';
import { type Queryable, quoteColumn } from '../postgres/sql-text.ts';
import { chooseJoinPlan } from './choose-join-plan.ts';
import { isHeldOutSql, keyTextsSql, windowSpineSql } from './spine-sql.ts';
import { type ViewPlan } from './join-plan.ts';
import { labelJoinSql, labelSql } from './label-join-sql.ts';
import { claimedInstant } from './label-times.ts';
import { viewAlias, viewJoinSql } from './view-join-sql.ts';

// From a larger window, about this many training rows are sampled by a hash of their position.
const SAMPLED_ROWS = 10_000;

/**
 * Counts, for each view, the training rows whose value became known after the row's label did. Values of a view
 * without `known`, and values that are used only because of `knownSince`, count as known at their timestamp. Returns
 * null if the label's table does not record when a label became known.
 */
export async function lateViews(
  database: Database,
  definition: ModelDefinition,
  dataset: Pick<Dataset, 'id' | 'window' | 'rows'>,
): Promise<LateView[] | null> {
  if (definition.label.known === undefined) return null;
  const { pool } = database;
  const { rows } = await pool.query<Record<string, number>>(await lateSql(pool, definition, dataset.rows), [
    dataset.window.from,
    dataset.window.to,
    await claimedInstant(pool, dataset.id),
  ]);
  const counts = rows[0] ?? {};
  return definition.features.map((view, index) => ({
    table: view.table,
    features: Object.keys(view.columns),
    rows: counts[`rows_${index}`] ?? 0,
    late: counts[`late_${index}`] ?? 0,
  }));
}

async function lateSql(client: Queryable, definition: ModelDefinition, rows: number): Promise<string> {
  const plan = await chooseJoinPlan(client, definition);
  // The join selects only `known`, not the features; which row is used does not depend on that.
  const timed = definition.features.map((view): ViewDefinition => ({
    ...view,
    columns: view.known === undefined ? {} : { [view.known]: instant() },
  }));
  const joins = timed.map((view, index) =>
    viewJoinSql(definition, view, index, plan.views[index] as ViewPlan),
  );
  const isHeldOut = isHeldOutSql(holdoutPolicy(definition), keyTextsSql(clusterKeys(definition)));
  const isDrawn = `('x' || left(md5(spine.tidegate_row::text), 8))::bit(32)::bigint < ${Math.ceil(2 ** 32 * Math.min(1, SAMPLED_ROWS / rows))}`;
  const isCounted = `(${labelSql(definition)}) is not null and isfinite(label.tidegate_known)`;
  const counts = timed.flatMap((view, index) => {
    const isUsed = `${isCounted} and ${viewAlias(index)}.tidegate_matched`;
    return [
      `(count(*) filter (where ${isUsed}))::int as rows_${index}`,
      `(count(*) filter (where ${isUsed} and ${usedAtSql(view, index)} > ${microsSql('label.tidegate_known')}))::int as late_${index}`,
    ];
  });
  return `
    with spine as (
      select spine.* from (${windowSpineSql(definition)}
      ) spine
      where not (${isHeldOut}) and ${isDrawn}
    )
    select ${counts.join(', ')}
    from spine${joins.join('')}${labelJoinSql(definition, plan.label)}`;
}

/** When a value counted as known, in microseconds. */
function usedAtSql({ known }: ViewDefinition, index: number): string {
  const alias = viewAlias(index);
  const at = microsSql(`${alias}.tidegate_at`);
  return known === undefined
    ? at
    : `case when ${alias}.tidegate_backfilled then ${at} else ${alias}.${quoteColumn(known)} end`;
}

const microsSql = (instant: string): string =>
  `(extract(epoch from ${instant}::timestamptz) * 1000000)::float8`;
