// A large window is profiled in parts. Any worker can profile a part and store the result; the worker that measures
// drift adds the parts up.
import { decodeProfile, encodeProfile } from '../../domain/data/profile/profile-codec.ts';
import { mergeProfiles, type WindowProfile } from '../../domain/data/profile/window-profile.ts';
import { type Database } from '../postgres/database.ts';
import { type ChunkRange } from '../datasets/read-chunks.ts';
import { chunksOf, type Dataset } from '../registry/dataset.ts';

/** The counts of a window or of a part of it. */
export interface WindowCounts {
  readonly profile: WindowProfile;
  /** The champion's scores of holdout rows; null if it has no score reference. */
  readonly scored: WindowProfile | null;
}

/** Returns whether a part was already profiled. */
export async function hasProfilePart(
  database: Database,
  reportId: number,
  { first, end }: ChunkRange,
): Promise<boolean> {
  const row = await database.kysely
    .selectFrom('tidegate.profile_part')
    .select('reportId')
    .where('reportId', '=', reportId)
    .where('firstChunk', '=', first)
    .where('endChunk', '=', end)
    .executeTakeFirst();
  return row !== undefined;
}

/** Stores the counts of a part. Storing a part again changes nothing. */
export async function writeProfilePart(
  database: Database,
  reportId: number,
  { first, end }: ChunkRange,
  { profile, scored }: WindowCounts,
): Promise<void> {
  await database.kysely
    .insertInto('tidegate.profile_part')
    .values({
      reportId,
      firstChunk: first,
      endChunk: end,
      profile: JSON.stringify(encodeProfile(profile)),
      scored: scored && JSON.stringify(encodeProfile(scored)),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Lists the parts of a window that were profiled, in the order of their rows. */
export const listProfileParts = (database: Database, reportId: number): Promise<ChunkRange[]> =>
  database.kysely
    .selectFrom('tidegate.profile_part')
    .select(['firstChunk as first', 'endChunk as end'])
    .where('reportId', '=', reportId)
    .orderBy('firstChunk')
    .execute();

/**
 * Adds up the counts of a window from its parts, in the order of the rows, so that the result does not depend on
 * which worker profiled which part, or when. Only two parts are in memory.
 *
 * @param ranges as `listProfileParts` returns them
 * @param chunks number of chunks of the window
 * @returns undefined if the stored parts do not cover the window, or if an earlier release stored a part without the
 *   means of its columns
 * @throws TidegateError UNREADABLE_PROFILE if another release of Tidegate wrote a part in another format
 */
export async function mergeProfileParts(
  database: Database,
  reportId: number,
  ranges: readonly ChunkRange[],
  chunks: number,
): Promise<WindowCounts | undefined> {
  let covered = 0;
  for (const { first, end } of ranges) {
    if (first !== covered) return undefined;
    covered = end;
  }
  if (covered !== chunks) return undefined;
  let whole: WindowCounts | undefined;
  for (const { first } of ranges) {
    const row = await database.kysely
      .selectFrom('tidegate.profile_part')
      .select(['profile', 'scored'])
      .where('reportId', '=', reportId)
      .where('firstChunk', '=', first)
      .executeTakeFirstOrThrow();
    const profile = decodeProfile(row.profile);
    if (profile.columns.some((column) => column.kind === 'numeric' && !column.moments)) return undefined;
    const scored = row.scored && decodeProfile(row.scored);
    whole = whole
      ? {
          profile: mergeProfiles(whole.profile, profile),
          scored: whole.scored && scored && mergeProfiles(whole.scored, scored),
        }
      : { profile, scored };
  }
  return whole;
}

/** Removes the parts of a window whose drift has been measured. */
export async function removeProfileParts(database: Database, reportId: number): Promise<void> {
  await database.kysely.deleteFrom('tidegate.profile_part').where('reportId', '=', reportId).execute();
}

/** Default number of rows of a part; a window with no more rows is profiled in one piece. */
export const PART_ROWS = 2_097_152;

/** Maximum number of parts of a window: Temporal limits how many activities a run may wait for at the same time. */
const MAX_PARTS = 512;

/**
 * Returns the number of parts in which a window is profiled, at least 1. Parts consist of whole chunks.
 *
 * @param partRows intended rows of a part, at least 1; rounded to whole chunks
 * @example partsOf({ rows: 20_000_000, chunkRows: 65_536 }, PART_ROWS) // 10
 */
export function partsOf(dataset: Pick<Dataset, 'rows' | 'chunkRows'>, partRows: number): number {
  const chunksPerPart = Math.max(1, Math.round(partRows / dataset.chunkRows));
  return Math.max(1, Math.min(MAX_PARTS, Math.ceil(chunksOf(dataset) / chunksPerPart)));
}

/**
 * Returns the chunks of one of `parts` parts, which are as even as whole chunks allow. If there are fewer chunks than
 * parts, some parts are empty.
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
