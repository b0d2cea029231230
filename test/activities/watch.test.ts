// The steps of a watch: what is measured since a promotion, how it is judged and recorded, and the way back.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { latencyBucket } from '../../domain/performance/latency-counts.ts';
import { writePredictions } from '../../store/registry/predictions.ts';
import { writeServingMinutes } from '../../store/registry/serving-minutes.ts';
import { findWatch } from '../../store/registry/watches.ts';
import { findVersionIn } from '../../store/registry/versions.ts';
import { sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { type RetrainableModel, retrainableModel, type UserRow } from '../helpers/retrainable-model.ts';
import { randomOf } from '../unit/drift/frame-of.ts';

const NAME = 'watched';
const AT = '2024-01-15T00:00:00Z';

let database: MigratedDatabase;
let model: RetrainableModel;

function users(count: number): UserRow[] {
  const random = randomOf(5);
  return Array.from({ length: count }, (_, index) => {
    const hours = 10 * random();
    const gone = random() < 1 / (1 + Math.exp(-(hours - 5)));
    return { user: `u${index}`, at: AT, hours, plan: 'a', gone };
  });
}

beforeAll(async () => {
  database = await migratedDatabase();
  model = await retrainableModel(database, NAME, {
    promotion: { watch: { for: '1 hour', minRequests: 50, onBreach: 'roll back' } },
  });
  await model.add(users(1_200));
  for (let each = 0; each < 2; each += 1) await model.produce((await model.retrain(AT)).version);
});
afterAll(() => database.drop());

const open = (version: number) => model.run(() => model.activities.openWatch({ model: NAME, version }));
const look = (version: number) => model.run(() => model.activities.lookAtVersion({ model: NAME, version }));

const serve = (changes: { answered?: number; failed?: number; ms?: number }, instance = 'one') => {
  const { answered = 0, failed = 0, ms = 5 } = changes;
  const latency = { [latencyBucket(ms)]: answered };
  const minute = new Date(Math.floor(Date.now() / 60_000) * 60_000);
  const row = { model: NAME, version: 2, minute, answered, failed, refused: 0, latency };
  return writeServingMinutes(database, instance, [row]);
};

const log = (scores: number[]) =>
  writePredictions(
    database,
    'one',
    scores.map((score) => ({
      id: randomUUID(),
      model: NAME,
      version: 2,
      entityKey: null,
      features: '{}',
      score,
      at: new Date(),
    })),
  );

test('only the version in Production is watched, for the time that the policy states', async () => {
  expect(await open(1)).toBeNull();
  const plan = await open(2);
  expect(plan).toMatchObject({ onBreach: 'roll back', waitMs: expect.any(Number) as number });
  expect(Date.parse(plan!.endsAt) - Date.parse(plan!.startedAt)).toBe(3_600_000);
  expect(await open(2)).toMatchObject({ startedAt: plan!.startedAt, endsAt: plan!.endsAt });
});

test('a look measures the requests of all processes and the logged scores since the promotion', async () => {
  expect(await look(2)).toMatchObject({
    isChampion: true,
    broken: [],
    words: 'too little was measured to judge',
  });
  // Scores like those of the reference, which has the same users.
  const random = randomOf(6);
  await log(Array.from({ length: 200 }, () => 1 / (1 + Math.exp(-(10 * random() - 5)))));
  await serve({ answered: 100, ms: 5 });
  await serve({ answered: 100, ms: 8 }, 'two');
  expect(await look(2)).toMatchObject({ broken: [] });
  const calm = await findWatch(database, { model: NAME, version: 2 });
  expect(calm?.findings?.facts).toMatchObject({
    requests: { answered: 200, refused: 0, failed: 0 },
    scores: { rows: 200 },
    realised: null,
    promised: { value: expect.any(Number) as number },
  });
  expect(calm).toMatchObject({ breachedAt: null, outcome: null });

  await serve({ answered: 100, failed: 10, ms: 2_000 });
  await log(Array.from({ length: 2_000 }, () => 0.99));
  const broken = await look(2);
  expect(broken.broken).toEqual(['errors', 'latency', 'scores']);
  expect(broken.words).toContain('10 of 210 requests failed, more than 1 %');
  expect((await findWatch(database, { model: NAME, version: 2 }))?.breachedAt).toBeInstanceOf(Date);
});

test('the replaced version comes back by the policy, once, and the watch ends with the reason', async () => {
  const back = () =>
    model.run(() => model.activities.rollBackWatched({ model: NAME, version: 2, words: 'errors' }));
  expect(await back()).toEqual({ from: 2, to: 1 });
  // A repeated attempt finds what the first one did.
  expect(await back()).toEqual({ from: 2, to: 1 });
  expect((await findVersionIn(database, NAME, 'Production'))?.version).toBe(1);
  expect(await look(2)).toMatchObject({ isChampion: false, waitMs: null });
  const close = (summary: string) =>
    model.run(() =>
      model.activities.closeWatch({ model: NAME, version: 2, outcome: 'rolled back', summary }),
    );
  await close('errors');
  await close('again');
  const ended = await findWatch(database, { model: NAME, version: 2 });
  expect(ended).toMatchObject({
    outcome: 'rolled back',
    summary: 'errors',
    finishedAt: expect.any(Date) as Date,
  });
  const { pool } = database;
  expect(await sqlStateOf(pool.query(`update tidegate.watch set outcome = 'kept'`))).toBe('TG001');
  expect(await sqlStateOf(pool.query('delete from tidegate.watch'))).toBe('TG001');
});

test('a version whose policy only alerts is never rolled back by its watch', async () => {
  await open(1);
  await database.pool.query(`
    begin;
    alter table tidegate.watch disable trigger watch_guarded;
    update tidegate.watch set policy = policy || '{"onBreach": "alert"}' where version = 1;
    alter table tidegate.watch enable trigger watch_guarded;
    commit`);
  const back = model.run(() =>
    model.activities.rollBackWatched({ model: NAME, version: 1, words: 'errors' }),
  );
  await expect(back).rejects.toMatchObject({ code: 'ILLEGAL_MOVE' });
});
