// The stored profiles of a window's parts: written by any worker, added up by the one that judges.
import { decodeProfile, encodeProfile } from '../../domain/data/profile/profile-codec.ts';
import { mergeProfiles, type WindowProfile } from '../../domain/data/profile/window-profile.ts';
import { type Database } from '../postgres/database.ts';
import { type ChunkRange } from '../datasets/read-chunks.ts';
import { chunksOf, type Dataset } from '../registry/dataset.ts';

/** A window, or a part of it, as counts. */
export interface WindowCounts {
  readonly profile: WindowProfile;
  /** The champion's scores of holdout rows; null where it has no score reference. */
  readonly scored: WindowProfile | null;
}

/** Whether a part was profiled before. */
export async function hasProfilePart(
  database: Database,
  reportId: number,
  { first, end }: ChunkRange,
): Promise<boolean> {
  const row = await database.kysely
    .selectFrom('tidegate.profile_part')
    .select('report_id')
    .where('report_id', '=', reportId)
    .where('first_chunk', '=', first)
    .where('end_chunk', '=', end)
    .executeTakeFirst();
  return row !== undefined;
}

/** Keeps the counts of a part; a repeated one changes nothing. */
export async function writeProfilePart(
  database: Database,
  reportId: number,
  { first, end }: ChunkRange,
  { profile, scored }: WindowCounts,
): Promise<void> {
  await database.kysely
    .insertInto('tidegate.profile_part')
    .values({
      report_id: reportId,
      first_chunk: first,
      end_chunk: end,
      profile: JSON.stringify(encodeProfile(profile)),
      scored: scored && JSON.stringify(encodeProfile(scored)),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The parts of a window that were profiled, in the order of their rows. */
export const listProfileParts = (database: Database, reportId: number): Promise<ChunkRange[]> =>
  database.kysely
    .selectFrom('tidegate.profile_part')
    .select(['first_chunk as first', 'end_chunk as end'])
    .where('report_id', '=', reportId)
    .orderBy('first_chunk')
    .execute();

/**
 * The counts of a whole window from its parts, added up in the order of its rows, so that it is the same whoever
 * profiled them and when. Memory holds two parts.
 *
 * @param ranges as `listProfileParts` gives them; @param chunks of the window
 * @returns undefined if the stored parts do not make up the window, or an earlier version profiled one without its means
 * @throws TidegateError UNREADABLE_PROFILE where another version of Tidegate wrote one
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
      .where('report_id', '=', reportId)
      .where('first_chunk', '=', first)
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

/** Removes the parts of a window that has been judged. */
export async function removeProfileParts(database: Database, reportId: number): Promise<void> {
  await database.kysely.deleteFrom('tidegate.profile_part').where('report_id', '=', reportId).execute();
}

/** Rows of a part, unless a setting says otherwise; a window of no more is profiled in one piece. */
export const PART_ROWS = 2_097_152;

/** Most parts of a window: Temporal lets no run wait for many more activities at once. */
const MAX_PARTS = 512;

/**
 * How many parts a window is profiled in; 1 where it is small. Parts are whole chunks, so fewer rows than a chunk make
 * no further part.
 *
 * @param partRows most rows of a part, rounded to whole chunks; from 1
 * @example partsOf({ rows: 20_000_000, chunkRows: 65_536 }, PART_ROWS) // 10
 */
export function partsOf(dataset: Pick<Dataset, 'rows' | 'chunkRows'>, partRows: number): number {
  const chunksPerPart = Math.max(1, Math.round(partRows / dataset.chunkRows));
  return Math.max(1, Math.min(MAX_PARTS, Math.ceil(chunksOf(dataset) / chunksPerPart)));
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
