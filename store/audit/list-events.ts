// A part of a chain of the audit log, for people to read.
import { type Kysely } from 'kysely';
import { type Tables } from '../postgres/tables.ts';

/** An event as it is listed. */
export interface ListedEvent {
  readonly position: number;
  readonly kind: string;
  readonly subject: string;
  readonly actor: string;
  readonly at: Date;
  readonly body: unknown;
  readonly hash: string;
}

/** Which events to list. */
export interface EventsWanted {
  /** A model, or '' for the installation. */
  readonly chain: string;
  readonly kind?: string | undefined;
  /** Only events of this person. */
  readonly actor?: string | undefined;
  /** Only events before this position. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Returns events of a chain, the newest first. */
export async function listEvents(
  { kysely }: { readonly kysely: Kysely<Tables> },
  { chain, kind, actor, before, limit }: EventsWanted,
): Promise<ListedEvent[]> {
  let query = kysely
    .selectFrom('tidegate.audit_event')
    .select(['position', 'kind', 'subject', 'actor', 'at', 'body', 'hash'])
    .where('chain', '=', chain);
  if (kind !== undefined) query = query.where('kind', '=', kind);
  if (actor !== undefined) query = query.where('actor', '=', actor);
  if (before !== undefined) query = query.where('position', '<', before);
  const rows = await query.orderBy('position', 'desc').limit(limit).execute();
  return rows.map((row) => ({ ...row, position: Number(row.position) }));
}

/** Returns the kinds of events that a chain has, by name. */
export async function kindsOf(
  { kysely }: { readonly kysely: Kysely<Tables> },
  chain: string,
): Promise<string[]> {
  const rows = await kysely
    .selectFrom('tidegate.audit_event')
    .select('kind')
    .distinct()
    .where('chain', '=', chain)
    .orderBy('kind')
    .execute();
  return rows.map(({ kind }) => kind);
}
