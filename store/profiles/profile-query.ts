// The profile of a query's answer, by the faster of two ways that give the same counts.
import type pg from 'pg';
import { type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { type WindowProfile } from '../../domain/data/profile/window-profile.ts';
import { groupedProfile } from './grouped-profile.ts';
import {
  connectToCompare,
  describeQuery,
  leave,
  oneStatement,
  type ProfiledQuery,
  refused,
  refuseOther,
  withoutEnd,
} from './query-source.ts';
import { streamProfile } from './stream-profile.ts';

/**
 * Whether Postgres should count: where one category is all there is. The drift bench measures it at 1 M rows: one category
 * is grouped in 0.6 of the time that its values take to stream by, four take 1.4 times as long as in one stream, and 14
 * columns, ten of them numbers, three to four times. And each further column would run the query once more.
 *
 * @example prefersGroups({ columns: [{ name: 'plan', kind: 'category', value: 'profiled.plan' }] }) // true
 */
export const prefersGroups = ({ columns }: Pick<ProfiledQuery, 'columns'>): boolean =>
  columns.length === 1 && columns[0]?.kind === 'category';

/** Counts a query's rows in the bins of a reference. @throws pg.DatabaseError where Postgres fails */
export const profileQuery = (
  client: pg.ClientBase,
  query: ProfiledQuery,
  reference: FeatureReference,
): Promise<WindowProfile> =>
  prefersGroups(query)
    ? groupedProfile(oneStatement(client), query, reference)
    : streamProfile(client, query, reference);

/** A query's answer as counts. */
export interface ProfiledTable extends ProfiledQuery {
  readonly profile: WindowProfile;
}

/**
 * Profiles a query on a connection of its own, without its rows ever being held; undefined where the types of its columns
 * do not say that they are of the reference's kinds, so that its values have to be looked at.
 *
 * @param name as messages show it; @param asCategories columns that are no numbers, whatever their type
 * @throws TidegateError as `connectToCompare`; UNREADABLE_TABLE when Postgres refuses the query
 */
export async function profileTableQuery(
  place: { readonly url: string; readonly sql: string; readonly name: string },
  reference: FeatureReference,
  asCategories: ReadonlySet<string>,
): Promise<ProfiledTable | undefined> {
  const client = await connectToCompare(place.url, place.name);
  try {
    const sql = withoutEnd(place.sql);
    await refuseOther(client, sql);
    const query = await describeQuery(oneStatement(client), sql, reference, asCategories);
    const kinds = new Map(reference.columns.map(({ name, kind }) => [name, kind]));
    const names = new Set(query.columns.map(({ name }) => name));
    const isPlain =
      names.size === query.columns.length &&
      query.columns.every(({ name, kind }) => kinds.get(name) === kind);
    if (!isPlain) return undefined;
    return { ...query, profile: await profileQuery(client, query, reference) };
  } catch (error) {
    return refused(place.name)(error);
  } finally {
    await leave(client);
  }
}
