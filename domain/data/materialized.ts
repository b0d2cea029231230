// Which entities a materialisation looks at, and what came of it.

/** Which entities are looked at. */
export type MaterializeScope =
  /** All. `reset` makes every row anew, also those of a later instant, and takes the watermark back to it. */
  | { readonly kind: 'full'; readonly reset?: true }
  /** Those that may have other values than at the watermark. */
  | { readonly kind: 'increment' }
  /** Those with a row in the spine or a view whose timestamp lies in `(from, to]`, ISO 8601. */
  | { readonly kind: 'range'; readonly from: string; readonly to: string };

/** What a materialisation did. */
export interface Materialized {
  /** The instant that the rows speak about. */
  readonly asOf: Date;
  /** What was looked at in the end. */
  readonly scope: MaterializeScope['kind'];
  /** Why all entities were looked at though an increment was asked for; null otherwise. */
  readonly fullBecause: string | null;
  /** Entities whose values were joined. */
  readonly lookedAt: number;
  /** Rows written: new ones, and those that say something else than before. */
  readonly written: number;
  /** Rows removed because their entity is no longer in the spine. */
  readonly removed: number;
  /** Why nothing was written or removed; null where something was. */
  readonly nothing: 'nothing changed' | 'watermark ahead' | null;
}

/** A materialisation in one sentence. @example 'all 7000 entities as of 2024-02-29T00:00:00.000Z: 7000 rows written' */
export function materializedInWords(result: Materialized): string {
  const asOf = result.asOf.toISOString();
  if (result.nothing === 'watermark ahead')
    return `nothing was written: the rows are as of ${asOf} already, and an older instant replaces nothing`;
  const looked =
    result.scope === 'full' ? `all ${result.lookedAt} entities` : `${result.lookedAt} changed entities`;
  const why = result.fullBecause === null ? '' : ` (all, because ${result.fullBecause})`;
  const removed = result.removed === 0 ? '' : `, ${result.removed} rows of vanished entities removed`;
  const done =
    result.nothing === null
      ? `${result.written} rows written${removed}`
      : 'nothing was written: no value changed';
  return `${looked} as of ${asOf}${why}: ${done}`;
}
