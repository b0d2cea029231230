// The leak alarm on real tables: features derived from the label, and features that are known only after it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ModelInput } from '../../domain/model/definition.ts';
import { category, numeric } from '../../domain/model/parts/column.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { getRetrain } from '../../store/registry/retrains.ts';
import { cardFacts } from '../../store/card-facts.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { retrainableModel, type RetrainableModel, type UserRow } from '../helpers/retrainable-model.ts';
import { randomOf } from '../unit/drift/frame-of.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

const JANUARY = '2024-01-15T00:00:00Z';

/** Users whose plan is the label if `leaks` is true; otherwise they leave at random, more often with more hours. */
function users(count: number, leaks: boolean): UserRow[] {
  const random = randomOf(1);
  return Array.from({ length: count }, (_, index) => {
    const hours = 10 * random();
    const gone = random() < 1 / (1 + Math.exp(5 - hours));
    const plan = (leaks ? gone : random() < 0.5) ? 'a' : 'b';
    return { user: `u${index}`, at: JANUARY, hours, plan, gone };
  });
}

async function frozen(
  name: string,
  rows: readonly UserRow[],
  input: Partial<ModelInput> = {},
  more: readonly UserRow[] = [],
): Promise<{ model: RetrainableModel; retrainId: string }> {
  const model = await retrainableModel(database, name, input);
  await model.add([...rows, ...more]);
  const retrainId = `${name}/asked`;
  const request = {
    retrainId,
    model: name,
    reportId: null,
    asOf: JANUARY,
    trigger: 'manual',
    requestedBy: 'ada',
  };
  await model.run(() => model.activities.openRetrain(request));
  await model.run(() => model.activities.freezeTrainingWindow({ retrainId }));
  return { model, retrainId };
}

const training = (leakAlarm: ModelInput['training']['leakAlarm']): Partial<ModelInput> => ({
  training: { trainer: 'logistic-regression', window: '1 month', leakAlarm },
});

test('a column derived from the label refuses the window by name, and the result is recorded', async () => {
  const { model, retrainId } = await frozen('leaky', users(1_000, true));
  const checked = await model.run(() => model.activities.checkLeaks({ retrainId }));
  expect(checked.refused).toMatchObject({ code: 'LEAK_SUSPECTED' });
  expect(checked.refused!.reason).toMatch(/^plan alone separates the classes.*training\.leakAlarm\.allow/);
  expect(checked.words).toContain('LEAK_SUSPECTED among 2 features');
  const { leaks } = await getRetrain(database, retrainId);
  expect(leaks).toMatchObject({ alone: [{ feature: 'plan', measure: 'rate', auc: { value: 1 } }], late: [] });
});

test('a leak that began with the newest rows is found among many older ones', async () => {
  const { model, retrainId } = await frozen(
    'lately',
    ['2023-10-15Z', '2023-11-15Z', '2023-12-15Z'].flatMap((at, month) =>
      users(1_000, false).map((row) => ({ ...row, at, user: `${row.user}-${month}` })),
    ),
    { training: { trainer: 'logistic-regression', window: '6 months' } },
    users(300, true),
  );
  const { refused } = await model.run(() => model.activities.checkLeaks({ retrainId }));
  expect(refused!.reason).toMatch(
    /^plan alone separates the classes without an error, by the rate of positives at each value in the rows after 2023-12-15/,
  );
});

test('a window without leaks is trained on', async () => {
  const { model, retrainId } = await frozen('honest', users(1_000, false));
  expect(await model.run(() => model.activities.checkLeaks({ retrainId }))).toMatchObject({
    refused: null,
    words: expect.stringMatching(/^no leak found among 2 features on \d+ training rows$/) as string,
  });
});

test('a feature on the allow list may predict the label perfectly', async () => {
  const { model, retrainId } = await frozen('allowed', users(1_000, true), training({ allow: ['plan'] }));
  expect((await model.run(() => model.activities.checkLeaks({ retrainId }))).refused).toBeNull();
});

test('a warning is shown with the version to the person who decides, and in its card', async () => {
  const { model, retrainId } = await frozen('warned', users(1_000, true), training('warn'));
  expect((await model.run(() => model.activities.checkLeaks({ retrainId }))).refused).toBeNull();
  const { version } = await model.run(() => model.activities.trainCandidate({ retrainId }));
  await model.run(() => model.activities.compareWithChampion({ retrainId }));
  const decided = await model.run(() => model.activities.decidePromotion({ retrainId }));
  expect(decided.summary).toContain('plan alone separates the classes');
  const facts = await cardFacts(database, 'warned', version);
  expect(facts.leaks).toMatchObject({ then: 'warn', alone: [{ feature: 'plan' }] });
  expect(facts.comparison!.decision!.alarms).toEqual([expect.stringMatching(/^plan alone separates/)]);
  const evidence = await model.run(() =>
    model.activities.assembleEvidence({
      model: 'warned',
      version,
      expiresAt: '2030-01-01T00:00:00Z',
      validation: { passed: true, checks: [], words: '' },
    }),
  );
  expect(evidence.summary).toMatch(/; alarm: plan alone separates the classes/);
  expect((await findEvidence(database, 'warned', version))!.body).toMatchObject({
    training: { leaks: { alone: [{ feature: 'plan' }] } },
  });
});

test('holdout rows are not checked: a leak only in them raises no alarm', async () => {
  const { model, retrainId } = await frozen('held', users(1_000, false), { holdout: { share: 0.5 } });
  const before = await model.run(() => model.activities.checkLeaks({ retrainId }));
  const held = (await model.sample.join()).flatMap(({ held_out: isHeld, entity_key: key }) =>
    isHeld ? (JSON.parse(key) as string[]).slice(0, 1) : [],
  );
  await database.pool.query(
    `update held.usage u set plan = case when o.gone then 'a' else 'b' end
     from held.outcome o where o.user_id = u.user_id and u.user_id = any($1)`,
    [held],
  );
  const request = {
    retrainId: 'held/again',
    model: 'held',
    reportId: null,
    asOf: JANUARY,
    trigger: 'manual',
    requestedBy: 'ada',
  };
  await model.run(() => model.activities.openRetrain(request));
  await model.run(() => model.activities.freezeTrainingWindow({ retrainId: 'held/again' }));
  expect(await model.run(() => model.activities.checkLeaks({ retrainId: 'held/again' }))).toEqual(before);
});

/** The view of the sample model, loaded up to two days after its row. */
const loadedLate = (name: string, knownSince?: string): Partial<ModelInput> => ({
  features: [
    {
      table: `${name}.usage`,
      timestamp: 'at',
      known: 'loaded_at',
      lag: '2 days',
      ...(knownSince !== undefined && { knownSince }),
      columns: { hours: numeric(), plan: category(['a', 'b']) },
    },
  ],
});

test('a view that is loaded after the label is named with its columns', async () => {
  const { model, retrainId } = await frozen('late', users(1_000, false), loadedLate('late'));
  await database.pool.query(`update late.usage set loaded_at = at + interval '1 day'`);
  const checked = await model.run(() => model.activities.checkLeaks({ retrainId }));
  expect(checked.refused!.reason).toMatch(
    /^hours, plan of late\.usage became known after the label in 100 % of \d+ training rows/,
  );
});

test('a view that is loaded later than its row but before the label raises no alarm', async () => {
  const rows = users(1_000, false).map((row) => ({ ...row, labelKnown: '2024-01-20T00:00:00Z' }));
  const { model, retrainId } = await frozen('in_time', rows, loadedLate('in_time'));
  await database.pool.query(`update in_time.usage set loaded_at = at + interval '1 day'`);
  expect((await model.run(() => model.activities.checkLeaks({ retrainId }))).refused).toBeNull();
});

test('history that counts as known at its own time raises no alarm, however late it was loaded', async () => {
  const { model, retrainId } = await frozen(
    'history',
    users(1_000, false),
    loadedLate('history', '2025-01-01T00:00:00Z'),
  );
  await database.pool.query(`update history.usage set loaded_at = '2024-06-01Z'`);
  expect((await model.run(() => model.activities.checkLeaks({ retrainId }))).refused).toBeNull();
});

test('a label that was known before its row raises an alarm for every view', async () => {
  const rows = users(1_000, false).map((row) => ({ ...row, labelKnown: '2024-01-10T00:00:00Z' }));
  const { model, retrainId } = await frozen('looks_back', rows);
  expect((await model.run(() => model.activities.checkLeaks({ retrainId }))).refused!.reason).toMatch(
    /^hours, plan of looks_back\.usage became known after the label in 100 %/,
  );
});
