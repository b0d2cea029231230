// Profiles the result of a query that a user gives for comparison.
import { type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { type WindowProfile } from '../../domain/data/profile/window-profile.ts';
import {
  connectToCompare,
  describeQuery,
  disconnect,
  oneStatement,
  type ProfiledQuery,
  throwRefusal,
  requireOneQuery,
  withoutSemicolon,
} from './query-source.ts';
import { streamProfile } from './stream-profile.ts';

/** The profile of a query's result. */
export interface ProfiledTable extends ProfiledQuery {
  readonly profile: WindowProfile;
}

/**
 * Profiles the result of a query on its own connection, without keeping the rows in memory. Returns undefined if the
 * type of a column suggests another kind than the column has in the reference, or if two columns have the same name.
 * The caller then has to read the values to find out the kinds.
 *
 * @param name the name of the query in messages
 * @param asCategories columns that are categories although their type is numeric
 * @throws TidegateError as `connectToCompare`; UNREADABLE_TABLE if Postgres refuses the query
 */
export async function profileTableQuery(
  place: { readonly url: string; readonly sql: string; readonly name: string },
  reference: FeatureReference,
  asCategories: ReadonlySet<string>,
): Promise<ProfiledTable | undefined> {
  const client = await connectToCompare(place.url, place.name);
  try {
    const sql = withoutSemicolon(place.sql);
    await requireOneQuery(client, sql);
    const query = await describeQuery(oneStatement(client), sql, reference, asCategories);
    const kinds = new Map(reference.columns.map(({ name, kind }) => [name, kind]));
    const names = new Set(query.columns.map(({ name }) => name));
    const isPlain =
      names.size === query.columns.length &&
      query.columns.every(({ name, kind }) => kinds.get(name) === kind);
    if (!isPlain) return undefined;
    return { ...query, profile: await streamProfile(client, query, reference) };
  } catch (error) {
    return throwRefusal(place.name)(error);
  } finally {
    await disconnect(client);
  }
}
