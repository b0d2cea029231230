// Requests for fits of tree models, which the trees worker carries out.
import { sql } from 'kysely';
import { type TreeOptions } from '../../domain/learning/artifact/onnx-artifact.ts';
import { type Database } from '../postgres/database.ts';
import { type Row } from '../postgres/tables.ts';

/** A request for a fit. */
export interface NewTreeFit {
  /** Names the run and step; a repeated request returns the same fit. */
  readonly request: string;
  readonly datasetId: number;
  readonly options: TreeOptions;
  /** Numbers, in the dataset, of the training rows to learn from; null means all training rows. */
  readonly rows: Uint32Array | null;
  /** Number of rows of the dataset. */
  readonly datasetRows: number;
}

/** A fit; `outcome` is null until it is finished. */
export type TreeFit = Pick<Row<'tidegate.tree_fit'>, 'id' | 'roundsDone' | 'outcome'>;

/** Requests a fit, or returns the one that the same request created before. */
export async function openTreeFit(database: Database, fit: NewTreeFit): Promise<TreeFit> {
  await database.kysely
    .insertInto('tidegate.tree_fit')
    .values({
      request: fit.request,
      datasetId: fit.datasetId,
      options: JSON.stringify(fit.options),
      rows: fit.rows && bitsOf(fit.rows, fit.datasetRows),
    })
    .onConflict((conflict) => conflict.column('request').doNothing())
    .execute();
  return select(database).where('request', '=', fit.request).executeTakeFirstOrThrow();
}

/** Returns the current state of a fit. @throws NoResultError if there is none */
export const getTreeFit = (database: Database, id: number): Promise<TreeFit> =>
  select(database).where('id', '=', id).executeTakeFirstOrThrow();

/**
 * Deletes the fits that a finished training made for its folds, and their models. Keeps models that a version or another
 * fit uses.
 *
 * @param training the request of the training; the requests of its fits begin with it
 */
export async function forgetFoldFits(database: Database, training: string): Promise<void> {
  await sql`
    with gone as (
      delete from tidegate.tree_fit where starts_with(request, ${`${training}/fold-`}) returning outcome ->> 'digest' as digest
    )
    delete from tidegate.onnx_model m using gone where m.digest = gone.digest
      and not exists (select from tidegate.version v where v.artifact -> 'onnx' ->> 'digest' = m.digest)
      and not exists (
        select from tidegate.tree_fit f
        where f.outcome ->> 'digest' = m.digest and not starts_with(f.request, ${`${training}/fold-`})
      )`.execute(database.kysely);
}

const select = (database: Database) =>
  database.kysely.selectFrom('tidegate.tree_fit').select(['id', 'roundsDone', 'outcome']);

/** Encodes row numbers as one bit for each row, the lowest bit of each byte first. */
function bitsOf(rows: Uint32Array, count: number): Buffer {
  const bits = Buffer.alloc(Math.ceil(count / 8));
  for (const row of rows) bits[row >> 3]! |= 1 << (row & 7);
  return bits;
}
