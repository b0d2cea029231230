// The model card: a readable summary of exactly what is stored about a version.
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { Serving } from '../../api/serving/serving.ts';
import { type ModelCard } from '../../domain/decisions/card/model-card.ts';
import { FakeGate } from '../api/fixture.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { retrainableModel, type Retrained, type UserRow } from '../helpers/retrainable-model.ts';
import { randomOf } from '../unit/drift/frame-of.ts';

const AT = '2024-01-15T00:00:00Z';

let database: MigratedDatabase;
let app: Awaited<ReturnType<typeof buildApp>>;
let retrained: Retrained;

function users(count: number): UserRow[] {
  const random = randomOf(5);
  return Array.from({ length: count }, (_, index) => {
    const hours = 10 * random();
    const gone = random() < 1 / (1 + Math.exp(-(hours - 5)));
    return { user: `u${index}`, at: AT, hours, plan: index % 2 === 0 ? 'a | b' : 'b', gone };
  });
}

beforeAll(async () => {
  database = await migratedDatabase();
  const model = await retrainableModel(database, 'carded', { holdout: { share: 0.5 } });
  await model.add(users(2_400));
  retrained = await model.retrain(AT);
  await model.produce(retrained.version);
  const logger = pino({ level: 'silent' });
  const serving = new Serving({ database, logger, instanceId: 'card' });
  app = await buildApp({
    database,
    serving,
    gate: new FakeGate(),
    logger,
    auth: 'off',
    publicUrl: 'http://localhost',
  });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const get = (version: number | string, accept?: string) =>
  app.inject({
    method: 'GET',
    url: `/models/carded/versions/${version}/card`,
    headers: accept === undefined ? {} : { accept },
  });

test('the card is JSON with the stored numbers unchanged', async () => {
  const response = await get(1);
  expect([response.statusCode, response.headers['content-type']]).toEqual([
    200,
    'application/json; charset=utf-8',
  ]);
  const card = response.json<ModelCard>();
  expect(card.comparison?.body).toEqual(JSON.parse(JSON.stringify(retrained.comparison.body)));
  expect(card.comparison?.decision?.rules).toEqual(retrained.comparison.decision.rules);
  expect(card).toMatchObject({
    model: 'carded',
    version: 1,
    stage: 'Production',
    rival: 'the class prior',
    features: ['hours', 'plan'],
    judged: { by: 'entity' },
    report: null,
    evidenceDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    training: {
      trainer: 'logistic-regression',
      tuning: { words: 'all rows, l2 1, no class weights' },
      calibration: null,
      threshold: null,
    },
    data: { rows: 2_400, labelledRows: 2_400, assumedLabels: 0, backfilled: [] },
  });
  expect(card.purpose).toContain('gone of carded.outcome is true');
  expect(card.moves.map(({ to }) => to)).toEqual(['Staging', 'Production']);
  expect(card.limits).toContain(
    'It was evaluated on unseen entities of the same time, not on the future: the evaluation rows have one row time.',
  );
});

test('the card is Markdown with complete tables if that is preferred', async () => {
  const response = await get(1, 'text/markdown, application/json;q=0.5');
  expect(response.headers['content-type']).toBe('text/markdown; charset=utf-8');
  const text = response.body.trimEnd();
  expect(text).toMatch(/^# carded, version 1\n/);
  const { candidate } = retrained.comparison.body;
  expect(text).toContain(`| AUC | ${candidate.auc.value.toFixed(3)} (`);
  for (const heading of [
    'Data and training',
    'Performance',
    'Decision',
    'Drift at the time',
    'Limits',
    'Approval',
    'History',
  ])
    expect(text).toContain(`\n## ${heading}\n`);
  expect(text).toContain('0 of its labels became known after');
  expect(text).toContain('this holdout was not used for a decision before');
  expect(text).toContain('plan = a \\| b');
  // Every row of a table has as many cells as its header.
  const tables = text.split('\n\n').filter((part) => part.startsWith('|'));
  expect(tables.length).toBeGreaterThan(4);
  for (const table of tables) {
    const cells = table.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
    expect(new Set(cells).size).toBe(1);
  }
});

test.each([undefined, '*/*', 'application/json', 'text/html, application/json'])(
  'the card is JSON for accept: %s',
  async (accept) => {
    expect((await get(1, accept)).headers['content-type']).toMatch(/^application\/json/);
  },
);

test('the card of an unknown version or one that is not a number is refused', async () => {
  expect((await get(9)).json()).toMatchObject({ error: { code: 'UNKNOWN_VERSION' } });
  expect((await get('latest')).json()).toMatchObject({ error: { code: 'INVALID_REQUEST' } });
});
