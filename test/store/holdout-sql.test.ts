// The holdout hash: Postgres and TypeScript compute the same bucket for every key.
import { afterAll, beforeAll, expect, test } from 'vitest';
import fc from 'fast-check';
import { holdoutBucket, isHeldOut } from '../../domain/model/holdout.ts';
import { holdoutBucketSql, isHeldOutSql } from '../../store/join/spine-sql.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

// Texts of Postgres cannot contain NUL or half a surrogate pair.
const part = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.replaceAll('\0', '')),
  fc.constantFrom('', ':', '1:1', "o'clock", '"quoted"', '\\', '$1', '%', '👩‍👩‍👧', 'İstanbul', '\u200d', ' 1 '),
);

/** Computes in Postgres the bucket of every key and whether it is held out. */
async function inSql(salt: string, keys: readonly (readonly string[])[]) {
  const width = keys[0]?.length ?? 0;
  const texts = Array.from({ length: width }, (_, at) => `key->>${at}`);
  const { rows } = await database.pool.query<{ bucket: number; held_out: boolean }>(
    `select ${holdoutBucketSql(salt, texts)} as bucket, ${isHeldOutSql({ salt, share: 0.2 }, texts)} as held_out
     from jsonb_array_elements($1::jsonb) with ordinality as keys (key, place) order by place`,
    [JSON.stringify(keys)],
  );
  return rows;
}

test.each([1, 2, 3])('Postgres and TypeScript agree on 2,000 unusual keys of %i columns', async (width) => {
  const keys = fc.sample(fc.array(part, { minLength: width, maxLength: width }), {
    numRuns: 2_000,
    seed: width,
  });
  const salt = "sea's \\ side";
  const rows = await inSql(salt, keys);
  const here = keys.map((key) => ({
    bucket: holdoutBucket(salt, key),
    held_out: isHeldOut({ salt, share: 0.2 }, key),
  }));
  expect(rows).toEqual(here);
  expect(new Set(here.map(({ held_out }) => held_out))).toEqual(new Set([true, false]));
});

test("keys ('1', '11') and ('11', '1') have different buckets in Postgres and in TypeScript", async () => {
  const keys = [
    ['1', '11'],
    ['11', '1'],
  ];
  const buckets = (await inSql('churn', keys)).map(({ bucket }) => bucket);
  expect(new Set(buckets).size).toBe(2);
  expect(buckets).toEqual(keys.map((key) => holdoutBucket('churn', key)));
});
