// Answers of the API for a version with its own threshold and calibration.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ExplainAnswer } from '../../api/schemas/explanation.ts';
import { type Artifact } from '../../domain/learning/artifact/artifact.ts';
import { artifact, ModelFixture, sigmoid, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

/** Calibration halves the log-odds; the threshold is 0.3. */
const operated: Artifact = {
  ...artifact(0),
  calibration: {
    asked: 'platt',
    map: { kind: 'platt', slope: 0.5, intercept: 0 },
    logLoss: { before: 0.5, after: 0.4 },
    rows: 100,
    positives: 50,
    why: 'as the definition asks',
  },
  threshold: { policy: { value: 0.3 }, cut: 0.3, outOfFold: null },
};

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.promote(await fixture.register(0, 1, operated), null);
  api = await startTestApi(fixture.database);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const row = (hours: number) => ({ hours, plan: 'basic' });

it('decides by its threshold on the calibrated score', async () => {
  const { body } = await api.send('POST', '/models/churn/predict', { rows: [row(-20), row(-10), row(20)] });
  expect(body).toMatchObject({ version: 1, threshold: 0.3 });
  const answered = body.predictions.map(({ score, positive }) => ({ score, positive }));
  expect(answered).toEqual([
    { score: expect.closeTo(sigmoid(-1), 12) as number, positive: false },
    { score: expect.closeTo(sigmoid(-0.5), 12) as number, positive: true },
    { score: expect.closeTo(sigmoid(1), 12) as number, positive: true },
  ]);
});

it('explains the log-odds before calibration, and returns the uncalibrated score too', async () => {
  const answer = await api.send('POST', '/models/churn/explain', { features: row(20) });
  const body = answer.body as unknown as ExplainAnswer;
  expect(body.score).toBeCloseTo(sigmoid(1), 12);
  expect(body.score_before_calibration).toBeCloseTo(sigmoid(2), 12);
  const logOdds = body.contributions.reduce((sum, one) => sum + one.log_odds, body.base);
  expect(logOdds).toBeCloseTo(2, 12);
});

it('lists the threshold and the kind of calibration of each version', async () => {
  await fixture.register(1);
  const { body } = await api.send('GET', '/models/churn/versions');
  expect((body as unknown as { versions: object[] }).versions).toMatchObject([
    { version: 2, cut: null, calibration: null },
    { version: 1, cut: 0.3, calibration: 'platt' },
  ]);
});

it('decides at 0.5 for a version without a threshold', async () => {
  await fixture.promote(2, 1);
  await api.close();
  api = await startTestApi(fixture.database);
  const { body } = await api.send('POST', '/models/churn/predict', { rows: [row(-20), row(-10)] });
  expect(body).toMatchObject({ version: 2, threshold: 0.5 });
  expect(body.predictions.map(({ positive }) => positive)).toEqual([false, true]);
});
