// Puts the entities whose online rows a materialization has to compute into a temporary table, in the order of their
// keys.
import pg from 'pg';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { quoteColumn, quoteTable } from '../postgres/sql-text.ts';
import { entityKeySql } from '../join/spine-sql.ts';
import { type ChangedKeys } from './changed-rows.ts';
import { type RowsOf } from './online-writer.ts';
import { instantLiteral } from './source.ts';

/** One rule by which entities are put on the list, optionally limited to a range of entity keys (as texts). */
export type Reason = {
  /** Only entities after this one. */
  readonly after?: string | null;
  /** Only entities up to and including this one. */
  readonly upTo?: string | null;
} & (
  | { /** Every entity. */ readonly of: 'all' }
  | { /** Entities with changed rows. */ readonly of: 'changed'; readonly changed: readonly ChangedKeys[] }
  | {
      /** Entities whose online row was written at most `age` transactions ago. */
      readonly of: 'written';
      readonly rowsOf: RowsOf;
      readonly age: bigint;
    }
);

/**
 * The table of listed entities. Columns: the key columns; `tidegate_entity`, the entity key as text;
 * `tidegate_newest`, the time of the entity's newest row; `tidegate_position`, its place in the order of the keys,
 * from 1.
 */
export const ENTITIES = 'pg_temp.tidegate_entities';

/**
 * Lists the entities that exist at an instant and match at least one reason.
 *
 * @returns the number of listed entities
 */
export async function listEntities(
  client: pg.ClientBase,
  definition: ModelDefinition,
  asOf: string,
  reasons: readonly Reason[],
): Promise<number> {
  await client.query(`drop table if exists ${ENTITIES}`);
  const keys = definition.entity.keys.map(quoteColumn);
  const at = quoteColumn(definition.rows.timestamp);
  const entity = entityKeySql(definition);
  const branches = reasons.flatMap((reason) =>
    conditionsOf(reason, entity).map((condition) => {
      return `select ${keys.map((key) => `spine.${key}`).join(', ')}, spine.${at} as tidegate_at
              from ${quoteTable(definition.rows.table)} spine
              where spine.${at} <= ${instantLiteral(asOf)} and ${condition}${between(reason, entity)}`;
    }),
  );
  await client.query(`
    create temp table tidegate_entities on commit drop as
    select row_number() over (order by tidegate_entity collate "C")::int as tidegate_position, listed.*
    from (
      select ${keys.join(', ')}, ${entity}::text as tidegate_entity, max(tidegate_at)::timestamptz as tidegate_newest
      from (${branches.join(' union all ')}) spine
      group by ${keys.join(', ')}
    ) listed`);
  await client.query('create index on pg_temp.tidegate_entities (tidegate_position)');
  await client.query('analyze pg_temp.tidegate_entities');
  const { rows } = await client.query<{ entities: number }>(`select count(*) as entities from ${ENTITIES}`);
  return rows[0]?.entities ?? 0;
}

const between = ({ after, upTo }: Reason, entity: string): string =>
  [
    ...(after == null ? [] : [`and ${entity}::text collate "C" > ${quoted(after)}`]),
    ...(upTo == null ? [] : [`and ${entity}::text collate "C" <= ${quoted(upTo)}`]),
  ]
    .map((condition) => ` ${condition}`)
    .join('');

function conditionsOf(reason: Reason, entity: string): string[] {
  switch (reason.of) {
    case 'all':
      return ['true'];
    case 'changed':
      return reason.changed.map(({ table, keys }) => {
        const same = keys.map((key) => `changed.${quoteColumn(key)} = spine.${quoteColumn(key)}`);
        return `exists (select from ${table} changed where changed.tidegate_relevant and ${same.join(' and ')})`;
      });
    case 'written':
      return [
        `${entity} in (select entity_key from tidegate.online_row stored
         where model = ${quoted(reason.rowsOf.model)} and definition_version = ${reason.rowsOf.version}
           and age(stored.xmin) <= ${reason.age})`,
      ];
  }
}

const quoted = pg.escapeLiteral;
