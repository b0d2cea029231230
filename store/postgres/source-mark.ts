// Fingerprints of the source tables of a model, by which a later run finds out what has changed.

/**
 * A fingerprint of the rows of one source table, by which a later run finds out whether rows were removed or
 * rewritten.
 */
export interface TableMark {
  readonly oid: number;
  /** The table itself and every partition or child at any level; absent in marks of earlier releases. */
  readonly parts?: Parts;
  /** Number of rows written before the horizon; if a later count differs, rows were removed or rewritten. */
  readonly settled: number;
  /** A checksum over the rows written since the horizon; null if there are none. */
  readonly open: string | null;
}

/** For each part, by its oid, a fingerprint of its file and of how its columns are stored. */
export type Parts = Readonly<Record<string, string>>;

/** The contents of the source tables of a definition, as one snapshot saw them. */
export interface SourceMark {
  /** The as-of instant of the run that took the snapshot, ISO 8601. */
  readonly asOf: string;
  /** Number of the oldest open transaction: rows written by it or by later ones may not have been visible. */
  readonly horizon: string;
  /** Which transactions were visible, as `pg_snapshot`. */
  readonly snapshot: string;
  /** By position of the source; null if its rows do not show which transaction wrote them (`SourceTable.unmarked`). */
  readonly tables: readonly (TableMark | null)[];
}
