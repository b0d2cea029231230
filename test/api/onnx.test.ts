// An ONNX version behind the API: it is swapped in, answers by row and by key, and cannot be explained.
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OnnxArtifact } from '../../domain/learning/artifact/onnx-artifact.ts';
import { writeOnnxModel } from '../../store/registry/onnx-models.ts';
import { tamper } from '../helpers/tamper.ts';
import { eventually } from '../helpers/eventually.ts';
import { onnxFixture, testOnnxRuntime } from '../helpers/onnx-runtime.ts';
import { ModelFixture, sigmoid, startTestApi, type TestApi } from './fixture.ts';

const runtime = await testOnnxRuntime();

describe.skipIf(runtime === null)('a version in ONNX', () => {
  let fixture: ModelFixture;
  let api: TestApi;
  let version: number;
  const send = (route: string, payload: object) => api.send('POST', `/models/churn/${route}`, payload);

  beforeAll(async () => {
    fixture = await ModelFixture.create();
    const champion = await fixture.release(0);
    await fixture.addOnlineRow('ada', { hours: 5, tickets: 1, plan: 'plus', paid: 'true' });
    api = await startTestApi(fixture.database);
    const onnx = await writeOnnxModel(fixture.database, await readFile(onnxFixture('good')));
    const codes = [{ value: 'plus', code: 1 }];
    const artifact: OnnxArtifact = {
      format: 'onnx',
      trainer: 'gradient-boosted-trees',
      onnx,
      inputs: [
        {
          name: 'X',
          type: 'float32',
          columns: [
            { kind: 'numeric', name: 'hours', missing: 0 },
            { kind: 'category', as: 'code', name: 'plan', codes, unseen: 0, missing: 0 },
          ],
        },
      ],
      output: { name: 'P', column: 0, holds: 'probability' },
      seed: 1,
      effects: [],
      prior: 0.5,
      trainedRows: 80,
      positives: 40,
    };
    version = await fixture.register(9, 1, artifact);
    await fixture.promote(version, champion);
    await eventually(async () =>
      expect((await send('predict', { features: {} })).body.version).toBe(version),
    );
  });
  afterAll(async () => {
    await api.close();
    await fixture.drop();
  });

  it('scores rows and entities, many of them in one request', async () => {
    const rows = Array.from({ length: 100 }, (_, hours) => ({ hours: hours / 10, plan: 'plus' }));
    const byRow = await send('predict', { rows });
    byRow.body.predictions.forEach(({ score }, at) =>
      expect(score).toBeCloseTo(sigmoid(0.08 * at + 0.4 - 4), 6),
    );
    const byKey = await send('predict', { key: { user_id: 'ada' } });
    expect(byKey.body.predictions[0]!.score).toBeCloseTo(sigmoid(0.8 * 5 + 0.4 - 4), 6);
  });

  it('refuses to explain a score', async () => {
    const { status, body } = await send('explain', { key: { user_id: 'ada' } });
    expect([status, body.error.code]).toEqual([409, 'NOT_EXPLAINABLE']);
  });

  it('is not loaded if its bytes do not match its digest', async () => {
    const changed = await startTestApiOnChangedBytes();
    const { status, body } = await changed.send('POST', '/models/churn/predict', { features: {} });
    await changed.close();
    expect([status, body.error.code]).toEqual([503, 'NOT_READY']);
    expect(body.error.message).toMatch(/differs from its digest/);
  });

  async function startTestApiOnChangedBytes(): Promise<TestApi> {
    await tamper(
      fixture.database,
      'update tidegate.onnx_model set bytes = set_byte(bytes, 9, get_byte(bytes, 9) # 1)',
    );
    return startTestApi(fixture.database, 'on-changed-bytes');
  }
});
