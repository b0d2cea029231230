// Which chunks of a large window each part of it holds.
import { chunksOf, type Dataset } from '../datasets/dataset.ts';
import { type ChunkRange } from '../datasets/read-chunks.ts';

/** Rows of a part, unless a setting says otherwise; a window of no more is profiled in one piece. */
export const PART_ROWS = 2_097_152;

/** Most parts of a window: Temporal lets no run wait for many more activities at once. */
const MOST_PARTS = 512;

/**
 * How many parts a window is profiled in; 1 where it is small. Parts are whole chunks, so fewer rows than a chunk make
 * no further part.
 *
 * @param partRows most rows of a part, rounded to whole chunks; from 1
 * @example partsOf({ rows: 20_000_000, chunkRows: 65_536 }, PART_ROWS) // 10
 */
export function partsOf(dataset: Pick<Dataset, 'rows' | 'chunkRows'>, partRows: number): number {
  const chunksPerPart = Math.max(1, Math.round(partRows / dataset.chunkRows));
  return Math.max(1, Math.min(MOST_PARTS, Math.ceil(chunksOf(dataset) / chunksPerPart)));
}

/**
 * The chunks of one part of `parts`, as even as whole chunks allow; none where there are fewer chunks than parts.
 *
 * @param part from 0 to below `parts`
 * @example partRange({ rows: 327_680, chunkRows: 65_536 }, 1, 2) // { first: 2, end: 5 }
 */
export function partRange(
  dataset: Pick<Dataset, 'rows' | 'chunkRows'>,
  part: number,
  parts: number,
): ChunkRange {
  const chunks = chunksOf(dataset);
  return { first: Math.floor((part * chunks) / parts), end: Math.floor(((part + 1) * chunks) / parts) };
}
