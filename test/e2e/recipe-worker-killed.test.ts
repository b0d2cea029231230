// Tests that a worker that is killed while it evaluates a recipe loses only that recipe.
import { type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { requestRetrain } from '../../activities/request-retrain.ts';
import { generateMonth } from '../../cli/commands/demo/streamflow/generate-month.ts';
import { parseDefinition } from '../../domain/model/define-model.ts';
import churn from '../../models/churn.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { importFolder } from '../../store/import/import-files.ts';
import { readTuning } from '../../store/registry/versions.ts';
import { eventually } from '../helpers/eventually.ts';
import { kill, startWorker } from '../helpers/killed-worker.ts';
import { type Loop, startLoop } from '../helpers/loop.ts';

const MODEL = 'tuned-through-a-kill';
const AS_OF = '2026-08-31T00:00:00Z';
const RECIPES = 6;
const retrainId = `${MODEL}/1`;

let loop: Loop;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  loop = await startLoop({ worker: false });
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-month-'));
  await generateMonth({ folder, seed: 1, users: 3_000, month: 0 });
  await importFolder(loop.database.pool, { folder, asOf: new Date(AS_OF) });
  await rm(folder, { recursive: true });
  const tune = { l2: [0.1, 1, 10], classWeight: ['none' as const, 'balanced' as const] };
  const training = { ...churn.training, tune };
  await applyDefinition(loop.database, parseDefinition({ ...churn, name: MODEL, training }), 'ada');
});
afterAll(async () => {
  await Promise.all(workers.map(kill));
  await loop.stop();
});

/** Returns when each recipe was evaluated, by its position. */
async function judgedAt(): Promise<Map<number, string>> {
  const { rows } = await loop.database.pool.query<{ recipe: number; at: string }>(
    'select recipe, created_at::text as at from tidegate.recipe_scores where retrain_id = $1 order by recipe',
    [retrainId],
  );
  return new Map(rows.map(({ recipe, at }) => [recipe, at]));
}

it('another worker evaluates only the remaining recipes, and training uses all of them', async () => {
  const { database, client, taskQueue } = loop;
  const site = { database, temporalAddress: inject('temporalAddress') };
  workers.push(startWorker(site, taskQueue));
  const request = {
    retrainId,
    model: MODEL,
    reportId: null,
    asOf: AS_OF,
    trigger: 'manual',
    requestedBy: 'ada',
  };
  const run = client.workflow.getHandle(await requestRetrain({ client, taskQueue }, request));
  await eventually(async () => expect((await judgedAt()).size).toBeGreaterThanOrEqual(2), {
    within: 120_000,
  });

  // While the table is locked, one more recipe is begun but none can be finished.
  const gate = await database.pool.connect();
  await gate.query('begin; lock table tidegate.recipe_scores in exclusive mode');
  const finished = await judgedAt();
  expect(finished.size).toBeLessThan(RECIPES);
  await eventually(
    async () => {
      const { rows } = await database.pool.query<{ waiting: number }>(
        `select count(*)::int as waiting from pg_locks where not granted and relation = 'tidegate.recipe_scores'::regclass`,
      );
      expect(rows[0]?.waiting).toBe(1);
    },
    { within: 60_000 },
  );
  await kill(workers[0]!);
  // End its database session too, so that the pending write is lost.
  await database.pool.query(
    `select pg_terminate_backend(pid) from pg_locks where not granted and relation = 'tidegate.recipe_scores'::regclass`,
  );
  await gate.query('commit');
  gate.release();
  expect(await judgedAt()).toEqual(finished);
  workers.push(startWorker(site, taskQueue));
  await run.result();

  const all = await judgedAt();
  expect(all.size).toBe(RECIPES);
  for (const [recipe, at] of finished) expect(all.get(recipe)).toBe(at);
  const { events } = await run.fetchHistory();
  const judging = new Set(
    (events ?? []).flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'judgeRecipe' ? [String(eventId)] : [],
    ),
  );
  const attempts = (events ?? []).flatMap(({ activityTaskStartedEventAttributes: started }) =>
    started && judging.has(String(started.scheduledEventId)) ? [started.attempt] : [],
  );
  expect(attempts.toSorted()).toEqual([1, 1, 1, 1, 1, 2]);
  const tuning = (await readTuning(database, MODEL, 1))!;
  expect(tuning.recipes.map(({ scores }) => scores?.length)).toEqual(new Array<number>(RECIPES).fill(5));
});
