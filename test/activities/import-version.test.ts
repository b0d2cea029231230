// Imported versions: checked, compared and released like any other, and marked as unproven wherever they are shown.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cardInMarkdown } from '../../domain/decisions/card/card-in-markdown.ts';
import { modelCard } from '../../domain/decisions/card/model-card.ts';
import { trainingRows } from '../../domain/data/frame.ts';
import { onnxSchema } from '../../domain/learning/artifact/onnx-schema.ts';
import { scoreFrame } from '../../domain/learning/artifact/scorer.ts';
import { sigmoid } from '../../domain/data/math/special-functions.ts';
import { importVersion, type ImportedVersion } from '../../scoring/import-version.ts';
import { loadScorer } from '../../scoring/scorer-source.ts';
import { readDataset } from '../../store/datasets/read.ts';
import { cardFacts } from '../../store/card-facts.ts';
import { listVersions } from '../../store/registry/versions.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { onnxFixture, testOnnxRuntime } from '../helpers/onnx-runtime.ts';
import { retrainableModel, type RetrainableModel, type UserRow } from '../helpers/retrainable-model.ts';
import { randomOf } from '../unit/drift/frame-of.ts';

const JANUARY = '2024-01-15T00:00:00Z';
const schema = onnxSchema.parse({
  inputs: [
    {
      name: 'X',
      features: [
        { feature: 'hours', missing: 5 },
        { feature: 'plan', categories: ['a', 'b'], unseen: 0, missing: 0 },
      ],
    },
  ],
  output: { name: 'P' },
  threshold: 0.4,
});

/** Users whose label depends on their hours. */
function users(count: number, at: string, seed: number): UserRow[] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, index) => {
    const hours = 10 * random();
    const gone = random() < sigmoid(hours - 5);
    return { user: `u${index}`, at, hours, plan: index % 2 === 0 ? 'a' : 'b', gone };
  });
}

const runtime = await testOnnxRuntime();

describe.skipIf(runtime === null)('an imported version', () => {
  let database: MigratedDatabase;
  let model: RetrainableModel;
  let imported: ImportedVersion;
  const importing = async (fixture: string, changes: object = {}, retrainId = `outside/${fixture}`) =>
    importVersion(database, {
      model: 'outside',
      retrainId,
      workflowId: 'retrain/outside',
      bytes: await readFile(onnxFixture(fixture)),
      schema: { ...schema, ...changes },
      origin: { name: 'churn-net', note: 'of the old platform' },
      asOf: null,
      requestedBy: 'ada',
    });

  beforeAll(async () => {
    database = await migratedDatabase();
    model = await retrainableModel(database, 'outside', { holdout: { share: 0.5 } });
    await model.add(users(2_400, JANUARY, 1));
    imported = await importing('good', {}, 'outside/import-1');
  });
  afterAll(() => database.drop());

  test('scores rows and records like the model itself, within float32 precision', async () => {
    const scorer = await loadScorer(database, 'outside', 1);
    const { frame } = await readDataset(database, imported.dataset);
    const [hours, plan] = [frame.features[0]!, frame.features[1]!];
    const scores = await scoreFrame(scorer, frame);
    for (let row = 0; row < 50; row += 1) {
      const code = plan.kind === 'category' && plan.dictionary[plan.codes[row]!] === 'b' ? 1 : 0;
      const expected = sigmoid(0.8 * (hours.kind === 'numeric' ? hours.values[row]! : NaN) + 0.4 * code - 4);
      expect(scores[row]).toBeCloseTo(expected, 6);
    }
    const [missing, unseen] = await scorer.scoreRecords([{}, { hours: 5, plan: 'never seen' }]);
    expect(missing).toBeCloseTo(0.5, 6);
    expect(unseen).toBe(missing);
    expect(scorer.explain).toBeNull();
  });

  test('is the same version if the request is repeated', async () => {
    const again = await importing('good', {}, 'outside/import-1');
    expect(again.version).toEqual(imported.version);
  });

  test('is planned, compared and validated, and shown as unproven even against a champion that was trained here', async () => {
    const retrainId = 'outside/import-1';
    const { activities } = model;
    expect(await model.run(() => activities.planTraining({ retrainId }))).toMatchObject({ recipes: 0 });
    expect((await model.run(() => activities.trainCandidate({ retrainId }))).words).toMatch(
      /imported, and is unproven/,
    );
    await model.run(() => activities.compareWithChampion({ retrainId }));
    const decided = await model.run(() => activities.decidePromotion({ retrainId }));
    expect(decided.promote).toBe(true);
    expect(decided.summary).toMatch(/version 1 \(candidate\) is unproven/);
    const validated = await model.run(() => activities.validateCandidate({ model: 'outside', version: 1 }));
    const failed = validated.checks.filter(({ passed }) => !passed).map(({ name }) => name);
    expect(failed.filter((name) => name !== 'online rows' && name !== 'speed')).toEqual([]);
    const evidence = await model.run(() =>
      activities.assembleEvidence({
        model: 'outside',
        version: 1,
        expiresAt: '2030-01-01T00:00:00Z',
        validation: validated,
      }),
    );
    expect(evidence.summary).toMatch(/is unproven: it was imported/);
    const card = cardInMarkdown(modelCard(await cardFacts(database, 'outside', 1), ['hours', 'plan']));
    expect(card).toMatch(/\*\*Unproven\*\*: imported as "churn-net" \(of the old platform\)/);
    expect(await listVersions(database, 'outside')).toMatchObject([
      { unproven: true, trainer: 'imported', cut: 0.4 },
    ]);
  });

  test('is monitored against its window as champion, and a comparison with it says that it is unproven', async () => {
    await model.produce(1);
    const { activities } = model;
    const reportId = await model.report(JANUARY);
    await model.run(() => activities.measurePerformance({ reportId }));
    expect((await model.run(() => activities.measureDrift({ reportId }))).words).toMatch(/0 of 2|no/i);
    await model.run(() => activities.measureDrift({ reportId }));
    const decided = await model.run(() => activities.decideRetrain({ reportId }));
    expect(decided.summary).toMatch(/production v1 \(unproven\)/);
    const second = await model.retrain(JANUARY);
    const { leakProof, outOfTime } = second.comparison.body;
    expect(leakProof).toMatchObject({
      versions: [{ version: second.version, role: 'candidate', sharedClusters: 0 }],
      unproven: [{ version: 1, role: 'champion' }],
    });
    expect(outOfTime).toMatchObject({ judged: false });
    const leak = second.comparison.decision.rules.find(({ name }) => name === 'no leak')!;
    expect(leak.words).toMatch(/version 1 \(champion\) is unproven/);
    expect(second.comparison.decision.alarms?.join()).toMatch(/cannot be proven/);
  });

  test('does not keep versions from being trained here, and training rows of its window are not holdout rows', async () => {
    const { frame } = await readDataset(database, imported.dataset);
    expect(trainingRows(frame).length).toBeGreaterThan(0);
  });

  const inputs = (features: unknown) => onnxSchema.parse({ ...schema, inputs: [{ name: 'X', features }] });
  test.each<[string, string, object, RegExp]>([
    ['a file that is not ONNX', 'make', {}, /the file is not an ONNX model/],
    ['an opset that is too new', 'opset', {}, /opset/],
    ['a list of maps as output', 'maps', { output: { name: 'P3', holds: 'probability' } }, /zipmap=False/],
    ['classes as output', 'classes', {}, /does not contain probabilities/],
    ['scores beyond 1', 'scores', {}, /not a probability/],
    [
      'scores that are not numbers',
      'nan',
      inputs(['hours', { feature: 'plan', categories: ['a', 'b'] }]),
      /all missing is scored NaN/,
    ],
    [
      'an input that nobody fills',
      'good',
      { inputs: [{ name: 'Y', features: ['hours'] }] },
      /does not fill the model's input X/,
    ],
    [
      'too few columns',
      'good',
      inputs(['hours']),
      /has 2 columns, but the number of features that the schema lists for it is 1/,
    ],
    ['an unknown feature', 'good', inputs(['hours', 'salary']), /no feature salary/],
    ['a category without numbers', 'good', inputs(['hours', 'plan']), /list its "categories"/],
    ['an unknown output', 'good', { output: { name: 'Q', holds: 'probability' } }, /no output Q; it has P/],
  ])('with %s is refused', async (_, fixture, changes, words) => {
    const attempt =
      fixture === 'make'
        ? importVersion(database, {
            model: 'outside',
            retrainId: 'outside/bad',
            workflowId: 'retrain/outside',
            bytes: Buffer.from('no model at all'),
            schema,
            origin: { name: 'x', note: '' },
            asOf: null,
            requestedBy: 'ada',
          })
        : importing(fixture, changes);
    await expect(attempt).rejects.toMatchObject({
      code: 'INVALID_ONNX',
      message: expect.stringMatching(words) as unknown,
    });
  });

  test('that is too large is refused before it is opened', async () => {
    await expect(
      importVersion(database, {
        model: 'outside',
        retrainId: 'outside/big',
        workflowId: 'retrain/outside',
        bytes: { length: 2 ** 30 } as Uint8Array,
        schema,
        origin: { name: 'x', note: '' },
        asOf: null,
        requestedBy: 'ada',
      }),
    ).rejects.toMatchObject({ code: 'INVALID_ONNX', message: expect.stringMatching(/1024 MB/) as unknown });
  });
});
