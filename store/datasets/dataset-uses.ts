// What rests on the datasets of a model.
import type pg from 'pg';
import { type DatasetUse } from '../../domain/decisions/dataset-retention.ts';
import { type Stage } from '../tables.ts';

interface UseRow {
  readonly dataset_id: number;
  readonly kind: DatasetUse['kind'];
  readonly name: string;
  readonly stage: Stage | null;
  /** Was in Production; newest; open. */
  readonly mark: boolean;
  readonly at: Date;
}

// A dataset that was frozen once more by another definition has the uses of the one that it stands for.
const USES = `
  with stands_for as (
    select id as dataset_id, id as used_id from tidegate.dataset where model = $1
    union
    select id, substring(request from '^dataset-([0-9]+)/definition-')::bigint from tidegate.dataset
    where model = $1 and request ~ '^dataset-[0-9]+/definition-'
  ),
  standing as (
    select version.version, version.stage,
      exists (select from tidegate.transition t
              where t.model = $1 and t.version = version.version and t.to_stage = 'Production') as was_in_production,
      coalesce((select max(t.at) from tidegate.transition t
                where t.model = $1 and t.version = version.version), version.created_at) as at,
      version.dataset_id
    from tidegate.version version where version.model = $1
  ),
  uses as (
    select dataset_id, 'training' as kind, version::text as name, stage, was_in_production as mark, at from standing
    union all
    select comparison.dataset_id, 'comparison', version::text, stage, was_in_production, greatest(at, comparison.created_at)
    from tidegate.comparison comparison join standing on version = candidate_version
    where comparison.model = $1
    union all
    select dataset_id, 'report', id::text, null, id = max(id) over (), created_at
    from tidegate.report where model = $1
    union all
    select distinct dataset.id, 'retrain', retrain.id, null::text, retrain.finished_at is null,
      coalesce(retrain.finished_at, now())
    from tidegate.retrain retrain
    left join tidegate.report report on report.id = retrain.report_id
    join tidegate.dataset dataset on dataset.model = $1
      and (dataset.id in (retrain.dataset_id, report.dataset_id)
           or dataset.request in (retrain.id || '/training', retrain.id || '/training-recent', retrain.id || '/evaluation'))
    where retrain.model = $1
  )
  select stands_for.dataset_id, uses.kind, uses.name, uses.stage, uses.mark, uses.at
  from stands_for join uses on uses.dataset_id = stands_for.used_id
  order by 1, 2, 3`;

/** The uses of each dataset of a model, by its id; a dataset without any is absent. */
export async function datasetUses(
  client: Pick<pg.ClientBase, 'query'>,
  model: string,
): Promise<ReadonlyMap<number, readonly DatasetUse[]>> {
  const { rows } = await client.query<UseRow>(USES, [model]);
  const uses = new Map<number, DatasetUse[]>();
  for (const row of rows) {
    const id = Number(row.dataset_id);
    uses.set(id, [...(uses.get(id) ?? []), useOf(row)]);
  }
  return uses;
}

function useOf({ kind, name, stage, mark, at }: UseRow): DatasetUse {
  switch (kind) {
    case 'report':
      return { kind, id: Number(name), isNewest: mark, at };
    case 'retrain':
      return { kind, id: name, isOpen: mark, at };
    case 'training':
    case 'comparison':
      return { kind, version: Number(name), stage: stage ?? 'None', wasInProduction: mark, at };
  }
}
