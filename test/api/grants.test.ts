// Grants for the Temporal UI, and model files that are uploaded: who may have them, and what they allow.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findEvidence, writeEvidence } from '../../store/registry/evidence.ts';
import { getGrant } from '../../store/registry/grants.ts';
import { findVersionImport, MAX_ONNX_BYTES } from '../../store/registry/onnx-models.ts';
import { type Role } from '../../domain/identity/roles.ts';
import { makeKey, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;
let waiting: number;
const keys: Partial<Record<Role, string>> = {};

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  waiting = await fixture.register(1);
  await fixture.stage(waiting);
  await writeEvidence(fixture.database, {
    model: 'churn',
    version: waiting,
    championVersion: 1,
    body: { summary: 'better' },
    expiresAt: new Date('2100-01-01Z'),
  });
  api = await startTestApi(fixture.database, 'grants');
  for (const role of ['viewer', 'trainer', 'operator', 'approver'] as const)
    keys[role] = await makeKey(fixture.database, `the ${role}`, [role]);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

describe('a grant for the Temporal UI', () => {
  const ask = async (role: Role, body: object) => {
    const answer = await api.send('POST', '/models/churn/grants', body, keys[role]);
    return { ...answer, grantId: (answer.body as unknown as { grantId: string }).grantId };
  };

  it.each(['approve', 'reject'] as const)('to %s comes with the message that carries it', async (action) => {
    const { status, body, grantId } = await ask('approver', { action, version: waiting, comment: 'read it' });
    const { digest } = (await findEvidence(fixture.database, 'churn', waiting))!;
    expect([status, body]).toMatchObject([
      200,
      {
        person: 'the approver',
        workflowId: `release/churn/${waiting}`,
        send: { signal: action },
        message: { version: waiting, evidenceDigest: digest, grantId },
      },
    ]);
    const grant = await getGrant(fixture.database.kysely, grantId);
    expect(grant).toMatchObject({ action, version: waiting, evidenceDigest: digest, comment: 'read it' });
    expect(grant.expiresAt.getTime() - grant.createdAt.getTime()).toBeCloseTo(600_000, -3);
    expect(grant.consumed).toBeNull();
  });

  it('to roll back comes with the input of the run', async () => {
    const asked = { action: 'rollback', version: 1, comment: 'complaints' };
    const { body, grantId } = await ask('operator', asked);
    expect(body).toMatchObject({
      workflowId: 'rollback/churn',
      send: { start: 'rollbackWorkflow', taskQueue: 'tidegate' },
      message: { model: 'churn', toVersion: 1, reason: 'complaints', grantId },
    });
    const blank = await ask('operator', { ...asked, comment: ' ' });
    expect([blank.status, blank.body.error.places[0]?.at]).toEqual([400, 'comment']);
  });

  it.each([
    ['approve', ['viewer', 'trainer', 'operator']],
    ['reject', ['viewer', 'trainer', 'operator']],
    ['rollback', ['viewer', 'trainer', 'approver']],
  ] as const)('to %s is not for %j', async (action, roles) => {
    for (const role of roles) {
      const { status, body } = await ask(role, { action, version: 1, comment: 'why' });
      expect([role, status, body.error.code]).toEqual([role, 403, 'FORBIDDEN']);
    }
  });

  it.each([
    ['a version that was decided', 1, 409, 'DECISION_REFUSED'],
    ['an unknown version', 99, 404, 'UNKNOWN_VERSION'],
  ])('to approve %s is refused', async (_, version, status, code) => {
    const { status: answered, body } = await ask('approver', { action: 'approve', version });
    expect([answered, body.error.code]).toEqual([status, code]);
  });

  it('is not issued to nobody', async () => {
    const open = await startTestApi(fixture.database, 'no-grants', undefined, 2_000, undefined, 'off');
    try {
      const { status, body } = await open.send('POST', '/models/churn/grants', {
        action: 'approve',
        version: waiting,
      });
      expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
    } finally {
      await open.close();
    }
  });
});

describe('a model file', () => {
  const post = (payload: Buffer, type = 'application/octet-stream', key = keys.trainer) =>
    api.app.inject({
      method: 'POST',
      url: '/models/churn/onnx',
      payload,
      headers: { authorization: `Bearer ${key}`, 'content-type': type },
    });
  const schema = {
    inputs: [{ name: 'input', features: ['hours'] }],
    output: { name: 'probabilities' },
  };
  const importIt = (body: object, role: Role = 'trainer') =>
    api.send('POST', '/models/churn/versions', { schema, name: 'net', ...body }, keys[role]);

  it('is stored under its digest, and imported by a run', async () => {
    const uploaded = await post(Buffer.from('a model'));
    expect(uploaded.json()).toMatchObject({
      bytes: 7,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    const { digest } = uploaded.json<{ digest: string }>();
    const { status, body } = await importIt({ onnx: digest, note: 'old platform' });
    // This API has no Temporal, so no run starts.
    expect([status, body.error.code]).toEqual([503, 'TEMPORAL_UNREACHABLE']);
    const { rows } = await fixture.database.pool.query<{ retrain_id: string }>(
      'select retrain_id from tidegate.version_import',
    );
    expect(await findVersionImport(fixture.database, rows[0]!.retrain_id)).toMatchObject({
      model: 'churn',
      onnxDigest: digest,
      name: 'net',
      note: 'old platform',
      mapping: { ...schema, output: { ...schema.output, holds: 'probability' } },
    });
  });

  it('that is empty, too large or of another type is refused', async () => {
    const codeOf = async (answer: ReturnType<typeof post>) =>
      (await answer).json<{ error: { code: string } }>().error.code;
    expect(await codeOf(post(Buffer.alloc(0)))).toBe('INVALID_ONNX');
    expect(await codeOf(post(Buffer.alloc(MAX_ONNX_BYTES + 1)))).toBe('BODY_TOO_LARGE');
    expect(await codeOf(post(Buffer.from('{}'), 'text/plain'))).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect(await codeOf(post(Buffer.from('x'), undefined, keys.approver))).toBe('FORBIDDEN');
  });

  it('is accepted by no other route', async () => {
    const answer = await api.app.inject({
      method: 'POST',
      url: '/models/churn/monitor',
      payload: Buffer.from('{}'),
      headers: { authorization: `Bearer ${keys.trainer}`, 'content-type': 'application/octet-stream' },
    });
    expect(answer.statusCode).toBe(415);
  });

  it('is imported only if it was uploaded, with a schema, by a trainer', async () => {
    const unknown = await importIt({ onnx: '0'.repeat(64) });
    expect([unknown.status, unknown.body.error.code]).toEqual([422, 'INVALID_ONNX']);
    const wrong = await importIt({ onnx: '0'.repeat(64), schema: { inputs: [] } });
    expect([wrong.status, wrong.body.error.code]).toEqual([400, 'INVALID_REQUEST']);
    const other = await importIt({ onnx: '0'.repeat(64) }, 'approver');
    expect([other.status, other.body.error.code]).toEqual([403, 'FORBIDDEN']);
  });
});
