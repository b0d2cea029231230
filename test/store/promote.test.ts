// Promotion: succeeds only if the champion is still the expected one, and happens once even if it is called repeatedly.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { promote } from '../../store/registry/stage-moves.ts';
import { listTransitions } from '../../store/registry/verify-chain.ts';
import { listVersions } from '../../store/registry/versions.ts';
import { approved, by, candidateModel } from '../helpers/candidates.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const stagesOf = async (model: string): Promise<string[]> =>
  (await listVersions(database, model)).toReversed().map(({ stage }) => stage);

test('the first version is promoted if Production is empty', async () => {
  const { stage } = await candidateModel(database, 'first');
  const version = await stage();
  const authority = await approved(database, 'first', version, null);
  await promote(database, 'first', version, null, authority, 'looks right');
  expect(await stagesOf('first')).toEqual(['Production']);
  const moves = await listTransitions(database, 'first');
  expect(moves.at(-1)).toMatchObject({
    ...authority,
    ...{ version, from: 'Staging', to: 'Production', reason: 'approved', detail: 'looks right' },
  });
});

test('the champion named by the evidence is replaced in the same transaction', async () => {
  const { produce, stage } = await candidateModel(database, 'second');
  await produce();
  const version = await stage();
  await promote(database, 'second', version, 1, await approved(database, 'second', version, 1), '');
  expect(await stagesOf('second')).toEqual(['Archived', 'Production']);
  const moves = await listTransitions(database, 'second');
  expect(moves.slice(-2)).toMatchObject([
    { version: 1, to: 'Archived', reason: 'replaced', detail: 'replaced by v2' },
    { version: 2, to: 'Production', reason: 'approved' },
  ]);
});

const stale = [
  ['another version', 2, 'version 1 of stale is in Production, but the evidence compares with version 2'],
  ['no version', null, 'version 1 of stale is in Production, but the evidence compares with no version'],
] as const;

test('a promotion whose evidence names another champion is refused as stale, and moves nothing', async () => {
  const { produce, stage } = await candidateModel(database, 'stale');
  await produce();
  const waiting = await stage();
  for (const [, expected, message] of stale) {
    const failure = await failureOf(promote(database, 'stale', waiting, expected, by(), ''));
    expect(failure).toMatchObject({ code: 'STALE_CHAMPION', message });
  }
  expect(await stagesOf('stale')).toEqual(['Production', 'Staging']);
  await promote(database, 'stale', waiting, 1, await approved(database, 'stale', waiting, 1), '');
  expect(await stagesOf('stale')).toEqual(['Archived', 'Production']);
});

test('a promotion whose evidence names a champion is refused as stale if there is no champion any more', async () => {
  const { stage } = await candidateModel(database, 'vacant');
  const failure = await failureOf(promote(database, 'vacant', await stage(), 7, by(), ''));
  expect(failure).toMatchObject({
    code: 'STALE_CHAMPION',
    message: 'no version of vacant is in Production, but the evidence compares with version 7',
  });
});

test('ten concurrent promotions of one version promote it once', async () => {
  const { produce, stage } = await candidateModel(database, 'crowd');
  await produce();
  const waiting = await stage();
  const authority = await approved(database, 'crowd', waiting, 1);
  const attempts = Array.from({ length: 10 }, (_, n) =>
    promote(database, 'crowd', waiting, 1, { ...authority, runId: `run ${n}` }, ''),
  );
  await Promise.all(attempts);
  expect(await stagesOf('crowd')).toEqual(['Archived', 'Production']);
  const moves = await listTransitions(database, 'crowd');
  expect(moves.filter(({ version, to }) => version === waiting && to === 'Production')).toHaveLength(1);
  expect(moves.filter(({ reason }) => reason === 'replaced')).toHaveLength(1);
});

test('a version that is not in Staging cannot be promoted, and the champion stays', async () => {
  const { produce, register } = await candidateModel(database, 'early');
  await produce();
  const failure = await failureOf(promote(database, 'early', await register(), 1, by(), ''));
  expect(failure).toMatchObject({
    code: 'ILLEGAL_MOVE',
    message: 'version 2 of early is in None and not in Staging',
  });
  expect(await stagesOf('early')).toEqual(['Production', 'None']);
});

test('an unknown model or version is refused', async () => {
  await candidateModel(database, 'known');
  expect(await failureOf(promote(database, 'unknown', 1, null, by(), ''))).toMatchObject({
    code: 'UNKNOWN_MODEL',
  });
  expect(await failureOf(promote(database, 'known', 9, null, by(), ''))).toMatchObject({
    code: 'ILLEGAL_MOVE',
  });
});
