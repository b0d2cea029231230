// Pools the rows of the reference and of a window into one table, and samples rows by entity.
import { type FeatureColumn } from '../../data/frame.ts';

/** The rows of the reference or of the window. */
export interface SideRows {
  readonly rows: number;
  readonly features: readonly FeatureColumn[];
  /**
   * The entity of each row; an entity has the same name in the reference and in the window.
   *
   * @default each row is an entity of its own
   */
  readonly entities?: readonly string[];
}

/** A column that the reference and the window both have; the values of the reference come first. */
export type PooledColumn =
  | { readonly kind: 'numeric'; readonly name: string; readonly values: Float64Array }
  | { readonly kind: 'category'; readonly name: string; readonly values: readonly (string | null)[] };

/** The rows of the reference and of the window as one table. */
export interface PooledRows {
  /** 0 for a row of the reference, 1 for one of the window. */
  readonly labels: Uint8Array;
  /** The entity of each row, as a number counted from 0. */
  readonly clusters: Uint32Array;
  readonly columns: readonly PooledColumn[];
  /** Columns of the reference that the window lacks or has with another kind. */
  readonly leftOut: readonly string[];
}

/** Pools the rows of the reference and of the window. @example poolRows(reference, window).labels */
export function poolRows(reference: SideRows, window: SideRows): PooledRows {
  const labels = new Uint8Array(reference.rows + window.rows).fill(1, reference.rows);
  const byName = new Map(window.features.map((column) => [column.name, column]));
  const columns: PooledColumn[] = [];
  const leftOut: string[] = [];
  for (const column of reference.features) {
    const pooled = poolColumn(column, byName.get(column.name));
    if (pooled) columns.push(pooled);
    else leftOut.push(column.name);
  }
  return { labels, clusters: clustersOf(reference, window), columns, leftOut };
}

function poolColumn(a: FeatureColumn, b: FeatureColumn | undefined): PooledColumn | undefined {
  if (a.kind === 'numeric' && b?.kind === 'numeric') {
    const values = new Float64Array(a.values.length + b.values.length);
    values.set(a.values);
    values.set(b.values, a.values.length);
    return { kind: 'numeric', name: a.name, values };
  }
  if (a.kind === 'category' && b?.kind === 'category') {
    const values = [a, b].flatMap(({ codes, dictionary }) =>
      Array.from(codes, (code) => dictionary[code] ?? null),
    );
    return { kind: 'category', name: a.name, values };
  }
  return undefined;
}

function clustersOf(reference: SideRows, window: SideRows): Uint32Array {
  const clusters = new Uint32Array(reference.rows + window.rows);
  const numbers = new Map<string, number>();
  let next = 0;
  [reference, window].forEach(({ rows, entities }, side) => {
    const first = side === 0 ? 0 : reference.rows;
    for (let row = 0; row < rows; row += 1) {
      const entity = entities?.[row];
      const known = entity === undefined ? undefined : numbers.get(entity);
      const number = known ?? next++;
      if (entity !== undefined) numbers.set(entity, number);
      clusters[first + row] = number;
    }
  });
  return clusters;
}

/** The entity of each row: an array, or an object that returns one key at a time. */
interface EntityKeys {
  readonly length: number;
  at(row: number): string | undefined;
}

/**
 * Samples about `rows` rows and returns their numbers in ascending order; all rows if there are at most `rows`. Chooses
 * all rows of the entities whose hashed key is low enough, so no entity is split. If the reference and the window have
 * the same number of rows, an entity that is in both is chosen from both or from neither.
 *
 * @param keys the entity of each row
 * @param seed a different seed chooses different entities
 * @example sampleEntities(keys, { rows: 4_000, seed: 1 })
 */
export function sampleEntities(
  keys: EntityKeys,
  { rows, seed }: { readonly rows: number; readonly seed: number },
): Uint32Array {
  const isChosen = entitySampler(keys.length, { rows, seed });
  const chosen: number[] = [];
  for (let row = 0; row < keys.length; row += 1) if (isChosen(keys.at(row) ?? '')) chosen.push(row);
  return Uint32Array.from(chosen);
}

/**
 * Returns a function that decides whether `sampleEntities` chooses an entity.
 *
 * @param of number of rows to choose from
 */
export function entitySampler(
  of: number,
  { rows, seed }: { readonly rows: number; readonly seed: number },
): (key: string) => boolean {
  const below = (rows / of) * 2 ** 32;
  return (key) => hashOf(key, seed) < below;
}

/** Hashes a text uniformly to 32 bits: FNV-1a, followed by the final mixing step of MurmurHash3. */
function hashOf(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
