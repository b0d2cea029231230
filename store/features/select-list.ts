// What the point-in-time join selects of its views, in one order that its readers rely on.
import { sourceColumnsOf } from '../../domain/features/define-model.ts';
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { quoteColumn } from './identifiers.ts';
import { type JoinPlan, type ViewPlan } from './join-plan.ts';
import { hiddenSql, viewAlias } from './view-join-sql.ts';

/** The columns of `sourceColumnsOf`, in that order. */
export const sourceColumnsSql = (definition: ModelDefinition): string[] =>
  sourceColumnsOf(definition).map(({ name, view }) => `${viewAlias(view)}.${quoteColumn(name)}`);

/** For each view `matched_<n>`, and `hidden_<n>`: a row was in reach but not yet known. */
export const reachSql = (definition: ModelDefinition, plan: JoinPlan): string[] =>
  definition.features.flatMap((view, index) => [
    `${viewAlias(index)}.tidegate_matched as matched_${index}`,
    `${hiddenSql(definition, view, index, plan.views[index] as ViewPlan)} as hidden_${index}`,
  ]);

/** For each view `backfilled_<n>`: a row was used that counts as known by `knownSince` alone. */
export const backfilledSql = ({ features }: ModelDefinition): string[] =>
  features.map(
    (_, index) => `coalesce(${viewAlias(index)}.tidegate_backfilled, false) as backfilled_${index}`,
  );

/** For each view `at_<n>`: the timestamp of the row that was used, in microseconds, null where none was. */
export const timesSql = ({ features }: ModelDefinition): string[] =>
  features.map(
    (_, index) =>
      `(extract(epoch from nullif(${viewAlias(index)}.tidegate_at, '-infinity')) * 1000000)::bigint as at_${index}`,
  );
