// The scope of a materialization and its result.

/** Which entities a materialization computes. */
export type MaterializeScope =
  /**
   * All entities. `reset` rewrites every row, even one that has the values of a later instant, and moves the watermark
   * back to the instant of this materialization.
   */
  | { readonly kind: 'full'; readonly reset?: true }
  /**
   * Entities whose values may have changed since the watermark, which is the instant of the last complete
   * materialization.
   */
  | { readonly kind: 'increment' }
  /** Entities with an entity row or a view row whose timestamp is in `(from, to]`, ISO 8601. */
  | { readonly kind: 'range'; readonly from: string; readonly to: string };

/** The result of a materialization. */
export interface Materialized {
  /** The instant whose values the rows contain. */
  readonly asOf: Date;
  /** The scope that was actually used. */
  readonly scope: MaterializeScope['kind'];
  /** Why all entities were computed although an increment was requested; otherwise null. */
  readonly fullBecause: string | null;
  /** Number of entities whose values were read from the views. */
  readonly lookedAt: number;
  /** Rows written, either new or with changed values. */
  readonly written: number;
  /** Rows removed because their entity no longer has entity rows. */
  readonly removed: number;
  /** Why nothing was written or removed; null if something was. */
  readonly nothing: 'nothing changed' | 'watermark ahead' | null;
}

/** Describes the result of a materialization in one sentence. @example 'all 7000 entities as of 2024-02-29T00:00:00.000Z: 7000 rows written' */
export function describeMaterialized(result: Materialized): string {
  const asOf = result.asOf.toISOString();
  if (result.nothing === 'watermark ahead')
    return `nothing was written: the rows are already as of ${asOf}, and an older instant never replaces a newer one`;
  const scope =
    result.scope === 'full' ? `all ${result.lookedAt} entities` : `${result.lookedAt} changed entities`;
  const why = result.fullBecause === null ? '' : ` (all, because ${result.fullBecause})`;
  const removed =
    result.removed === 0 ? '' : `, ${result.removed} rows of entities that no longer exist removed`;
  const done =
    result.nothing === null
      ? `${result.written} rows written${removed}`
      : 'nothing was written: no value changed';
  return `${scope} as of ${asOf}${why}: ${done}`;
}
