// Rollback: to the previous champion or to a given version, but only to one that was in Production.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listTransitions } from '../../store/registry/verify-chain.ts';
import { rollBack } from '../../store/registry/roll-back.ts';
import { findVersionIn } from '../../store/registry/versions.ts';
import { by, type CandidateModel, candidateModel } from '../helpers/candidates.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

let runs = 0;
const back = (model: string, to?: number, runId = `run ${(runs += 1)}`) =>
  rollBack(database, model, to, by(runId), 'it fails');
const champion = async (model: string) => (await findVersionIn(database, model, 'Production'))?.version;

/** Creates a model whose versions 1, 2 and 3 were in Production one after the other. */
async function threeChampions(name: string): Promise<CandidateModel> {
  const model = await candidateModel(database, name, { promotion: { unverifiedSignals: 'accept' } });
  for (let n = 0; n < 3; n += 1) await model.produce();
  return model;
}

test('without a target the version before the champion returns to Production', async () => {
  await threeChampions('before');
  expect(await back('before')).toEqual({ from: 3, to: 2 });
  expect(await champion('before')).toBe(2);
  expect((await listTransitions(database, 'before')).slice(-2)).toMatchObject([
    { version: 3, from: 'Production', to: 'Archived', reason: 'rolled_back', detail: 'it fails' },
    { version: 2, from: 'Archived', to: 'Production', reason: 'rollback', detail: 'it fails' },
  ]);
});

test('rolling back again goes further back, until the first', async () => {
  await threeChampions('further');
  await back('further');
  expect(await back('further')).toEqual({ from: 2, to: 1 });
  const failure = await failureOf(back('further'));
  expect(failure).toMatchObject({
    code: 'NO_ROLLBACK_TARGET',
    message: 'version 1 of further is the first that was in Production',
  });
  expect(await champion('further')).toBe(1);
});

test('a given version returns to Production, even if it was rolled back before', async () => {
  await threeChampions('named');
  expect(await back('named', 1)).toEqual({ from: 3, to: 1 });
  expect(await back('named', 3)).toEqual({ from: 1, to: 3 });
  expect(await champion('named')).toBe(3);
});

test('a version that was never in Production, is there now or does not exist is refused as target', async () => {
  const model = await threeChampions('targets');
  await model.stage();
  await model.stage();
  const refusals = [
    [3, 'version 3 of targets is in Production'],
    [4, 'version 4 of targets was never in Production'],
    [5, 'version 5 of targets was never in Production'],
    [9, 'version 9 of targets was never in Production'],
  ] as const;
  for (const [target, message] of refusals) {
    expect(await failureOf(back('targets', target))).toMatchObject({ code: 'NO_ROLLBACK_TARGET', message });
  }
  expect(await champion('targets')).toBe(3);
});

test('without a champion there is nothing to roll back', async () => {
  const model = await candidateModel(database, 'vacant');
  await model.stage();
  expect(await failureOf(back('vacant'))).toMatchObject({ code: 'NO_PRODUCTION_VERSION' });
  expect(await failureOf(back('absent'))).toMatchObject({ code: 'UNKNOWN_MODEL' });
});

test('a repeated call of one run rolls back once, and another run rolls back further', async () => {
  await threeChampions('repeated');
  const first = await back('repeated', undefined, 'one run');
  expect(await back('repeated', undefined, 'one run')).toEqual(first);
  expect(await champion('repeated')).toBe(2);
  expect(await back('repeated', undefined, 'another run')).toEqual({ from: 2, to: 1 });
});

test('five runs that roll back to the same version concurrently leave it in Production', async () => {
  await threeChampions('crowd');
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => back('crowd', 1)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await champion('crowd')).toBe(1);
});
