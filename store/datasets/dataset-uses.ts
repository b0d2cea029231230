// What uses the datasets of a model (versions, comparisons, reports, retrains), and which datasets may expire.
import type pg from 'pg';
import { type DatasetUse, mayExpire } from '../../domain/decisions/dataset-retention.ts';
import { type Stage } from '../postgres/tables.ts';
import { kyselyOn } from '../postgres/connections.ts';
import { type Database, inTransaction } from '../postgres/database.ts';
import { type Dataset, datasetFromRow } from '../registry/dataset.ts';

interface UseRow {
  readonly dataset_id: number;
  readonly kind: DatasetUse['kind'];
  readonly name: string;
  readonly stage: Stage | null;
  /**
   * The meaning depends on `kind`: whether the version was ever in Production, the report is the newest, or the
   * retrain is open.
   */
  readonly mark: boolean;
  readonly at: Date;
}

// If a dataset was frozen again with another definition, the new dataset has the uses of the original one too.
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

/** Returns the uses of each dataset of a model by dataset id. A dataset without uses is absent. */
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

/** A dataset with the size of its chunks. */
export interface SizedDataset {
  readonly dataset: Dataset;
  readonly chunks: number;
  /** Total size of the chunks in bytes; 0 after its rows were deleted by retention. */
  readonly bytes: number;
}

/** Lists the newest datasets of a model, newest first. */
export async function listDatasets(
  database: Database,
  model: string,
  limit: number,
): Promise<SizedDataset[]> {
  const rows = await database.kysely
    .selectFrom('tidegate.dataset')
    .selectAll()
    .where('model', '=', model)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return sized(database, rows.map(datasetFromRow));
}

/** Adds the sizes to datasets, without reading a chunk. */
export async function sized(database: Database, datasets: readonly Dataset[]): Promise<SizedDataset[]> {
  const { rows } = await database.pool.query<{ id: number; chunks: number; bytes: number }>(
    `select dataset_id as id, count(*) as chunks, sum(octet_length(bytes))::bigint as bytes
     from tidegate.dataset_chunk where dataset_id = any($1) group by dataset_id`,
    [datasets.map(({ id }) => id)],
  );
  const sizes = new Map(rows.map((row) => [row.id, row]));
  return datasets.map((dataset) => ({
    dataset,
    chunks: sizes.get(dataset.id)?.chunks ?? 0,
    bytes: sizes.get(dataset.id)?.bytes ?? 0,
  }));
}

/** Finds a dataset by its id. */
export async function findDataset(database: Database, id: number): Promise<Dataset | undefined> {
  const row = await database.kysely
    .selectFrom('tidegate.dataset')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst();
  return row && datasetFromRow(row);
}

/** Maximum number of datasets that expire in one call, so that the work of one run is bounded. */
const MAX_EXPIRED = 20;

/** Which datasets to expire, and by which policy. */
interface ExpireRequest {
  readonly model: string;
  /** A duration: `retention.datasets` of the definition. */
  readonly retention: string;
  readonly now: Date;
  /** Whether to return what would be deleted, without deleting it. @default false */
  readonly dryRun?: boolean;
}

/**
 * Deletes the rows of datasets that the policy does not keep: at most 20 datasets, those that have been unused
 * longest first.
 *
 * @returns the datasets whose rows were deleted, as they were before that
 */
export const expireDatasets = (database: Database, request: ExpireRequest): Promise<Dataset[]> =>
  inTransaction(database, async (client) => {
    // Stage moves take the same lock, so no version can return to Production while its rows are being deleted.
    await client.query('select from tidegate.model where name = $1 for update', [request.model]);
    const rows = await kyselyOn(client)
      .selectFrom('tidegate.dataset')
      .selectAll()
      .where('model', '=', request.model)
      .where('expiredAt', 'is', null)
      .orderBy('id')
      .execute();
    const datasets = rows.map(datasetFromRow);
    const uses = await datasetUses(client, request.model);
    const kept = datasets.map((dataset) => ({ ...dataset, uses: uses.get(dataset.id) ?? [] }));
    const going = mayExpire(kept, request.retention, request.now).slice(0, MAX_EXPIRED);
    const ids = going.map(({ id }) => id);
    if (ids.length > 0 && !request.dryRun) {
      await client.query('delete from tidegate.dataset_chunk where dataset_id = any($1)', [ids]);
      await client.query('update tidegate.dataset set expired_at = $2 where id = any($1)', [
        ids,
        request.now,
      ]);
    }
    return datasets.filter(({ id }) => ids.includes(id));
  });
