// Staging has room for one version: depending on the policy, a newer one supersedes it or is skipped.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { archive, moveToStaging } from '../../store/registry/stage-moves.ts';
import { listTransitions } from '../../store/registry/verify-chain.ts';
import { findVersionIn, listVersions } from '../../store/registry/versions.ts';
import { by, candidateModel } from '../helpers/candidates.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const stagesOf = async (model: string): Promise<string[]> =>
  (await listVersions(database, model)).toReversed().map(({ stage }) => stage);
const stage = (model: string, version: number, whilePending: 'supersede' | 'skip' = 'supersede') =>
  moveToStaging(database, model, version, by(), { whilePending, detail: 'better' });

test('with either policy, a candidate takes the place if it is free', async () => {
  for (const policy of ['supersede', 'skip'] as const) {
    const { register } = await candidateModel(database, policy);
    expect(await stage(policy, await register(), policy)).toEqual({ staged: true, superseded: null });
    expect(await findVersionIn(database, policy, 'Staging')).toMatchObject({ version: 1 });
  }
});

test('a newer candidate supersedes the waiting one', async () => {
  const { register, stage: stageNext } = await candidateModel(database, 'newer');
  await stageNext();
  expect(await stage('newer', await register())).toEqual({ staged: true, superseded: 1 });
  expect(await stagesOf('newer')).toEqual(['Archived', 'Staging']);
  const moves = await listTransitions(database, 'newer');
  expect(moves.slice(-2)).toMatchObject([
    { version: 1, to: 'Archived', reason: 'superseded', detail: 'superseded by v2' },
    { version: 2, to: 'Staging', reason: 'rules_passed', detail: 'better' },
  ]);
});

test('with the policy skip, the waiting candidate keeps its place', async () => {
  const { register, stage: stageNext } = await candidateModel(database, 'skipped');
  await stageNext();
  expect(await stage('skipped', await register(), 'skip')).toEqual({ staged: false, superseded: null });
  expect(await stagesOf('skipped')).toEqual(['Staging', 'None']);
});

test('a repeated call returns the same answer and moves nothing', async () => {
  const { register, stage: stageNext } = await candidateModel(database, 'repeat');
  await stageNext();
  const version = await register();
  const first = await stage('repeat', version);
  const before = await listTransitions(database, 'repeat');
  expect(await stage('repeat', version)).toEqual(first);
  expect(await stage('repeat', version, 'skip')).toEqual(first);
  expect(await listTransitions(database, 'repeat')).toEqual(before);
});

test('a candidate superseded nothing if another run had archived the waiting version before', async () => {
  const { register, stage: stageNext } = await candidateModel(database, 'vacated');
  await stageNext();
  const version = await register();
  await archive(database, 'vacated', 1, by('another run'), 'withdrawn', 'withdrawn');
  const first = await stage('vacated', version);
  expect(first).toEqual({ staged: true, superseded: null });
  expect(await stage('vacated', version)).toEqual(first);
});

test('of candidates staged at the same time, one stays in Staging and all others are superseded', async () => {
  const { register } = await candidateModel(database, 'crowd');
  const versions = [];
  for (let n = 0; n < 6; n += 1) versions.push(await register());
  const results = await Promise.all(versions.map((version) => stage('crowd', version)));
  expect(results.every(({ staged }) => staged)).toBe(true);
  expect((await stagesOf('crowd')).toSorted()).toEqual([...Array<string>(5).fill('Archived'), 'Staging']);
  expect(results.filter(({ superseded }) => superseded === null)).toHaveLength(1);
});

test('a version that left Staging cannot return, and does not supersede the waiting one', async () => {
  const { stage: stageNext } = await candidateModel(database, 'gone');
  await stageNext();
  await stageNext();
  const failure = await failureOf(stage('gone', 1));
  expect(failure).toMatchObject({ code: 'ILLEGAL_MOVE' });
  expect(failure.message).toBe('a version cannot move from Archived to Staging because of "rules_passed"');
  expect(await stagesOf('gone')).toEqual(['Archived', 'Staging']);
});

test('an unknown version is refused', async () => {
  await candidateModel(database, 'unknown');
  expect(await failureOf(stage('unknown', 5))).toMatchObject({
    code: 'UNKNOWN_VERSION',
    message: 'unknown has no version 5',
  });
});

test('archiving moves versions in None and Staging, and does nothing in Production and Archived', async () => {
  const { produce, stage: stageNext, register } = await candidateModel(database, 'ended');
  const [champion, staged, none] = [await produce(), await stageNext(), await register()];
  await archive(database, 'ended', staged, by(), 'expired', 'nobody decided');
  await archive(database, 'ended', none, by(), 'failed', 'no labels');
  expect(await stagesOf('ended')).toEqual(['Production', 'Archived', 'Archived']);
  const before = await listTransitions(database, 'ended');
  for (const version of [champion, staged]) await archive(database, 'ended', version, by(), 'withdrawn', '');
  expect(await listTransitions(database, 'ended')).toEqual(before);
  expect(before.at(-1)).toMatchObject({ version: none, reason: 'failed', detail: 'no labels' });
});

test('a reason that does not belong to the stage is refused', async () => {
  const { register } = await candidateModel(database, 'reasons');
  const version = await register();
  const failure = await failureOf(archive(database, 'reasons', version, by(), 'expired', ''));
  expect(failure).toMatchObject({
    code: 'ILLEGAL_MOVE',
    message: 'a version cannot move from None to Archived because of "expired"',
  });
  expect(await stagesOf('reasons')).toEqual(['None']);
});
