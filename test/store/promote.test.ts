// Promotion: a compare-and-swap on the champion, done once however often it is asked for.
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

test('the first version goes to Production where none was', async () => {
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

test('the champion that the evidence named is replaced in the same transaction', async () => {
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

test('a promotion on evidence about another champion is stale, and moves nothing', async () => {
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

test('a promotion on evidence about a champion where none is left is stale', async () => {
  const { stage } = await candidateModel(database, 'vacant');
  const failure = await failureOf(promote(database, 'vacant', await stage(), 7, by(), ''));
  expect(failure).toMatchObject({
    code: 'STALE_CHAMPION',
    message: 'no version of vacant is in Production, but the evidence compares with version 7',
  });
});

test('ten promotions of one version at once promote it once', async () => {
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

test('a version that is not in Staging is not promoted, and the champion stays', async () => {
  const { produce, register } = await candidateModel(database, 'early');
  await produce();
  const failure = await failureOf(promote(database, 'early', await register(), 1, by(), ''));
  expect(failure).toMatchObject({
    code: 'ILLEGAL_MOVE',
    message: 'version 2 of early is in None and not in Staging',
  });
  expect(await stagesOf('early')).toEqual(['Production', 'None']);
});

test('an unknown model or version is refused by name', async () => {
  await candidateModel(database, 'known');
  expect(await failureOf(promote(database, 'unknown', 1, null, by(), ''))).toMatchObject({
    code: 'UNKNOWN_MODEL',
  });
  expect(await failureOf(promote(database, 'known', 9, null, by(), ''))).toMatchObject({
    code: 'ILLEGAL_MOVE',
  });
});
