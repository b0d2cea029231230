// Which rows of a large side the domain classifier looks at.

/** The entity of each row: a list of texts, or what gives them one at a time. */
export interface EntityKeys {
  readonly length: number;
  at(row: number): string | undefined;
}

/**
 * Numbers of about `rows` rows, ascending: all rows of those entities whose key's hash falls low enough, so that both
 * sides give the same entities where they share them, and no entity is parted. All rows where there are no more.
 *
 * @param keys the entity of each row
 * @param seed another seed chooses other entities
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

/** Whether `sampleEntities` chooses the rows of an entity, asked one at a time. @param of rows on the side */
export function entitySampler(
  of: number,
  { rows, seed }: { readonly rows: number; readonly seed: number },
): (key: string) => boolean {
  const below = (rows / of) * 2 ** 32;
  return (key) => hashOf(key, seed) < below;
}

/** A text as one of 2^32 numbers, each as likely (FNV-1a, its bits then mixed as MurmurHash3 does at its end). */
function hashOf(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
