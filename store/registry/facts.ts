// Tags, descriptions, aliases and comments of models and versions.
import { type Kysely, sql } from 'kysely';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { MAX_COMMENTS, MAX_FACTS, STAGE_ALIASES } from '../../domain/registry/facts.ts';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { type Row, type Tables } from '../postgres/tables.ts';

/** A model, or one of its versions. */
export interface Subject {
  readonly model: string;
  /** Null for the model itself. */
  readonly version: number | null;
}

/** A comment on a version, beside the request for its approval. */
export type VersionComment = Omit<Row<'tidegate.version_comment'>, 'model' | 'version'>;

// A description is stored as a tag without a key.
const DESCRIPTION = '';

/**
 * Sets tags, or removes those whose value is null: all of them or none.
 *
 * @throws TidegateError UNKNOWN_MODEL, UNKNOWN_VERSION; INVALID_REQUEST if there would be too many
 * @example await setTags(database, { model: 'churn', version: null }, { team: 'growth', old: null }, 'ada')
 */
export const setTags = (
  database: Database,
  subject: Subject,
  tags: Readonly<Record<string, string | null>>,
  by: string,
): Promise<void> =>
  inKyselyTransaction(database, async (transaction) => {
    const { model } = subject;
    await requireSubject(transaction, subject);
    const version = subject.version ?? 0;
    for (const [key, value] of Object.entries(tags)) {
      if (value === null) {
        await actingAs(transaction, by);
        await transaction
          .deleteFrom('tidegate.tag')
          .where('model', '=', model)
          .where('version', '=', version)
          .where('key', '=', key)
          .execute();
        continue;
      }
      await transaction
        .insertInto('tidegate.tag')
        .values({ model, version, key, value, setBy: by })
        .onConflict((conflict) =>
          conflict.columns(['model', 'version', 'key']).doUpdateSet({ value, setBy: by, setAt: sql`now()` }),
        )
        .execute();
    }
    const { count } = await transaction
      .selectFrom('tidegate.tag')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('model', '=', model)
      .where('version', '=', version)
      .where('key', '<>', DESCRIPTION)
      .executeTakeFirstOrThrow();
    if (Number(count) > MAX_FACTS) throw tooMany('tags', MAX_FACTS);
  });

/** Sets the description of a model or version; an empty one removes it. @throws TidegateError as {@link setTags} */
export const setDescription = (
  database: Database,
  subject: Subject,
  text: string,
  by: string,
): Promise<void> => setTags(database, subject, { [DESCRIPTION]: text === '' ? null : text }, by);

/**
 * Points an alias to a version, or removes it if the version is null.
 *
 * @throws TidegateError UNKNOWN_MODEL, UNKNOWN_VERSION; INVALID_REQUEST if there would be too many
 */
export const setAlias = (
  database: Database,
  model: string,
  alias: string,
  version: number | null,
  by: string,
): Promise<void> =>
  inKyselyTransaction(database, async (transaction) => {
    await requireSubject(transaction, { model, version });
    if (version === null) {
      await actingAs(transaction, by);
      await transaction
        .deleteFrom('tidegate.alias')
        .where('model', '=', model)
        .where('alias', '=', alias)
        .execute();
      return;
    }
    await transaction
      .insertInto('tidegate.alias')
      .values({ model, alias, version, setBy: by })
      .onConflict((conflict) =>
        conflict.columns(['model', 'alias']).doUpdateSet({ version, setBy: by, setAt: sql`now()` }),
      )
      .execute();
    const { count } = await transaction
      .selectFrom('tidegate.alias')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('model', '=', model)
      .executeTakeFirstOrThrow();
    if (Number(count) > MAX_FACTS) throw tooMany('aliases', MAX_FACTS);
  });

/** Adds a comment to a version. @throws TidegateError UNKNOWN_MODEL, UNKNOWN_VERSION; INVALID_REQUEST after too many */
export const addComment = (
  database: Database,
  { model, version }: { readonly model: string; readonly version: number },
  comment: { readonly text: string; readonly actor: string; readonly authority: string },
): Promise<VersionComment> =>
  inKyselyTransaction(database, async (transaction) => {
    await requireSubject(transaction, { model, version });
    const { count } = await transaction
      .selectFrom('tidegate.version_comment')
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .where('model', '=', model)
      .where('version', '=', version)
      .executeTakeFirstOrThrow();
    if (Number(count) >= MAX_COMMENTS) throw tooMany('comments', MAX_COMMENTS);
    return transaction
      .insertInto('tidegate.version_comment')
      .values({ model, version, ...comment })
      .returning(['id', 'text', 'actor', 'authority', 'at'])
      .executeTakeFirstOrThrow();
  });

/** Returns the comments on a version, oldest first; of more than `limit`, the newest. */
export async function listComments(
  { kysely }: Database,
  model: string,
  version: number,
  limit = 1_000,
): Promise<VersionComment[]> {
  const newest = await kysely
    .selectFrom('tidegate.version_comment')
    .select(['id', 'text', 'actor', 'authority', 'at'])
    .where('model', '=', model)
    .where('version', '=', version)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return newest.reverse();
}

/** What people wrote about a model or version. */
export interface Facts {
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string;
  /** Names that point to the version, or to any version of the model; champion and challenger among them. */
  readonly aliases: readonly string[];
}

/** The facts of all models and versions, or of one model, for searches and lists. */
export interface FactsIndex {
  of(subject: Subject): Facts;
  /** Every alias of a model with its version. */
  aliasesOf(model: string): Readonly<Record<string, number>>;
}

/** Reads the facts of one model, or of all. */
export async function readFacts({ kysely }: Database, model?: string): Promise<FactsIndex> {
  const tags = await kysely
    .selectFrom('tidegate.tag')
    .select(['model', 'version', 'key', 'value'])
    .$if(model !== undefined, (query) => query.where('model', '=', model!))
    .orderBy('key')
    .execute();
  const set = await kysely
    .selectFrom('tidegate.alias')
    .select(['model', 'alias', 'version'])
    .$if(model !== undefined, (query) => query.where('model', '=', model!))
    .orderBy('alias')
    .execute();
  const staged = await kysely
    .selectFrom('tidegate.version')
    .select(['model', 'version', 'stage'])
    .where('stage', 'in', Object.values(STAGE_ALIASES))
    .$if(model !== undefined, (query) => query.where('model', '=', model!))
    .execute();
  const following = staged.flatMap(({ stage, ...version }) =>
    Object.entries(STAGE_ALIASES).flatMap(([alias, of]) => (of === stage ? [{ ...version, alias }] : [])),
  );
  const aliases = grouped([...following, ...set], (row) => row.model);
  const written = grouped(tags, (row) => `${row.version}/${row.model}`);
  return {
    of: ({ model: name, version }) => {
      const own = written.get(`${version ?? 0}/${name}`) ?? [];
      return {
        tags: Object.fromEntries(
          own.filter(({ key }) => key !== DESCRIPTION).map(({ key, value }) => [key, value]),
        ),
        description: own.find(({ key }) => key === DESCRIPTION)?.value ?? '',
        aliases: (aliases.get(name) ?? [])
          .filter((row) => version === null || row.version === version)
          .map(({ alias }) => alias),
      };
    },
    aliasesOf: (name) =>
      Object.fromEntries((aliases.get(name) ?? []).map(({ alias, version }) => [alias, version])),
  };
}

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}

async function requireSubject(kysely: Kysely<Tables>, { model, version }: Subject): Promise<void> {
  // Locks the row, so that counts of one model are not taken at the same time by two requests.
  const known = await kysely
    .selectFrom('tidegate.model')
    .select('name')
    .where('name', '=', model)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!known) throw new TidegateError('UNKNOWN_MODEL', `there is no model "${excerpt(model)}"`);
  if (version === null) return;
  const found = await kysely
    .selectFrom('tidegate.version')
    .select('version')
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  if (!found) throw new TidegateError('UNKNOWN_VERSION', `${model} has no version ${version}`);
}

/** Says who removes rows in this transaction: the audit log cannot read that from a row that is gone. */
const actingAs = (kysely: Kysely<Tables>, by: string) =>
  sql`select set_config('tidegate.actor', ${by}, true)`.execute(kysely);

const tooMany = (what: string, most: number): TidegateError =>
  new TidegateError('INVALID_REQUEST', `there are already ${most} ${what}, which is the maximum`);
