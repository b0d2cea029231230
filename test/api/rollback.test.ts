// A rollback while Temporal does not answer: one transaction of the API, which a run that starts later finds and keeps.
import { type Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { stateAt } from '../../store/registry/history.ts';
import { listTransitions } from '../../store/registry/verify-chain.ts';
import { eventually } from '../helpers/eventually.ts';
import { makeKey, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;
let operator: string;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.release(1, 1);
  api = await startTestApi(fixture.database);
  operator = await makeKey(fixture.database, 'olga', ['operator']);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const back = (body: object) =>
  api.send('POST', '/models/churn/rollback', { reason: 'complaints', ...body }, operator);

it('needs a named version, because the version before the champion may have changed when a run starts', async () => {
  const { status, body } = await back({});
  expect([status, body.error.code]).toEqual([503, 'TEMPORAL_UNREACHABLE']);
  expect((await back({ toVersion: 2 })).body.error.code).toBe('NO_ROLLBACK_TARGET');
  expect((await back({ toVersion: 9 })).body.error.code).toBe('NO_ROLLBACK_TARGET');
});

it('moves at once on the word of the caller, and a later run with the same grant changes nothing', async () => {
  const { status, body } = await back({ toVersion: 1 });
  expect([status, body]).toMatchObject([200, { from: 2, to: 1 }]);
  await eventually(async () => {
    const answer = await api.send('POST', '/models/churn/predict', { features: { hours: 1 } });
    expect(answer.body.version).toBe(1);
  });
  const moves = await listTransitions(fixture.database, 'churn');
  const last = moves.at(-1)!;
  expect(last).toMatchObject({
    version: 1,
    to: 'Production',
    actor: 'olga',
    authority: 'key',
    detail: 'complaints',
  });

  const { rows } = await fixture.database.pool.query<{ id: string }>(
    `select grant_id as id from tidegate.transition where model = 'churn' order by transition.id desc limit 1`,
  );
  const steps = createActivities({ database: fixture.database, client: {} as Client, taskQueue: 'none' });
  const run = new MockActivityEnvironment({
    workflowExecution: { workflowId: 'rollback/churn', runId: 'started later' },
  });
  const input = {
    model: 'churn',
    toVersion: 1,
    requestedBy: 'olga',
    reason: 'complaints',
    grantId: rows[0]!.id,
  };
  expect(await run.run(() => steps.rollBack(input))).toEqual({ from: 2, to: 1 });
  expect(await listTransitions(fixture.database, 'churn')).toHaveLength(moves.length);
});

it('in an emergency an admin rolls back with a reason, and the history says that it was one', async () => {
  const path = '/models/churn/versions/2/break-glass';
  expect((await api.send('POST', path, { reason: 'fire' }, operator)).status).toBe(403);
  expect((await api.send('POST', path, { reason: ' ' })).status).toBe(400);
  expect(await api.send('POST', path, { reason: 'fire' })).toMatchObject({
    status: 200,
    body: { version: 2, did: 'rolled back', actor: 'admin of the tests', workflowId: null },
  });
  expect((await api.send('POST', path, { reason: 'again' })).body.error.code).toBe('NOTHING_PENDING');
  const { production } = await stateAt(fixture.database, 'churn', new Date());
  expect(production).toMatchObject({ version: 2, breakGlass: true, detail: 'fire' });
  const { body } = await api.send('GET', '/models/churn/history');
  const { moves } = body as unknown as { moves: { breakGlass: boolean }[] };
  // Both moves of the swap.
  expect(moves.map(({ breakGlass }) => breakGlass).filter(Boolean)).toEqual([true, true]);
  const card = (await api.send('GET', '/models/churn/versions/2/card')).body as unknown as {
    moves: unknown[];
  };
  expect(card.moves.at(-1)).toMatchObject({ to: 'Production', breakGlass: true });
});
