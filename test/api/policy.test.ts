// The floor of the policies and the review of definitions over HTTP.
import { waitingRequests } from '../../store/registry/notice-requests.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { digestOf } from '../../domain/canonical-json.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { writeEvidence } from '../../store/registry/evidence.ts';
import { addComment } from '../../store/registry/facts.ts';
import { getGrant } from '../../store/registry/grants.ts';
import { definition, makeKey, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;
let grace: string;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  api = await startTestApi(fixture.database);
  grace = await makeKey(fixture.database, 'grace', ['approver']);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

/** Stores a definition that waits, applied by `appliedBy`. @returns its digest */
async function waiting(version: number, appliedBy: string): Promise<string> {
  const body = { ...definition, promotion: { ...definition.promotion, minDelta: version / 100 } };
  await fixture.database.kysely
    .insertInto('tidegate.definition')
    .values({
      model: 'churn',
      version,
      body: JSON.stringify(body satisfies ModelDefinition),
      digest: digestOf(body),
      appliedBy,
      loosens: JSON.stringify([{ at: 'promotion.approvals', was: 2, becomes: 1 }]),
    })
    .execute();
  return digestOf(body);
}

it('an admin sets the floor with a reason, and the answer names the models below it', async () => {
  expect((await api.send('GET', '/floor', undefined, grace)).body).toEqual({
    floor: {},
    setBy: null,
    setAt: null,
    reason: null,
    below: [],
  });
  const set = { floor: { approvals: 2, commentRequired: true }, reason: 'audit' };
  expect(await api.send('POST', '/floor', set, grace)).toMatchObject({ status: 403 });
  expect((await api.send('POST', '/floor', set)).body).toMatchObject({
    floor: set.floor,
    setBy: 'admin of the tests',
    reason: 'audit',
    below: [{ model: 'churn', rules: ['promotion.approvals', 'promotion.commentRequired'] }],
  });
  for (const floor of [{ approvals: 11 }, { selfApproval: 'record' }, { quorum: 2 }])
    expect(await api.send('POST', '/floor', { floor, reason: 'x' })).toMatchObject({ status: 400 });
  expect(await api.send('POST', '/floor', { floor: {}, reason: ' ' })).toMatchObject({ status: 400 });
  expect((await api.send('POST', '/floor', { floor: {}, reason: 'over' })).body).toMatchObject({ below: [] });
});

it('without authentication nobody sets a floor', async () => {
  const open = await startTestApi(fixture.database, 'open', undefined, undefined, undefined, 'off');
  const answer = await open.send('POST', '/floor', { floor: {}, reason: 'x' });
  expect([answer.status, answer.body.error.code]).toEqual([403, 'GRANT_REQUIRED']);
  await open.close();
});

it('a definition that waits is accepted by somebody else than the person who applied it', async () => {
  const digest = await waiting(2, 'grace');
  const path = '/models/churn/definitions/2';
  const listed = (await api.send('GET', '/definitions/waiting', undefined, grace)).body;
  expect(listed).toMatchObject({
    waiting: [{ model: 'churn', version: 2, digest, appliedBy: 'grace', inForce: 1 }],
  });
  const mine = await api.send('POST', `${path}/accept`, { digest, comment: 'mine' }, grace);
  expect([mine.status, mine.body.error.code, mine.body.error.message]).toEqual([
    409,
    'DECISION_REFUSED',
    'grace applied definition 2 of churn and may not accept it',
  ]);
  const other = await api.send('POST', `${path}/accept`, { digest: 'e'.repeat(64) });
  expect(other.body.error.message).toBe('the review is about another text than definition 2 of churn');
  expect((await api.send('POST', `${path}/accept`, { digest, comment: 'fine' })).body).toEqual({
    model: 'churn',
    version: 2,
    verdict: 'accepted',
    actor: 'admin of the tests',
    selfAccepted: false,
    // This API has no connection to Temporal.
    scheduled: false,
  });
  const again = await api.send('POST', `${path}/accept`, { digest });
  expect(again.body.error.message).toMatch(/^definition 2 of churn was accepted by admin of the tests at /);
  const model = (await api.send('GET', '/models/churn')).body as unknown as { definitionVersion: number };
  expect(model.definitionVersion).toBe(2);
});

it('a definition is refused, and the one before stays in force', async () => {
  const digest = await waiting(3, 'linus');
  const refused = await api.send(
    'POST',
    '/models/churn/definitions/3/refuse',
    { digest, comment: 'no' },
    grace,
  );
  expect(refused.body).toMatchObject({ verdict: 'refused', actor: 'grace', scheduled: true });
  expect((await api.send('GET', '/definitions/waiting')).body).toEqual({ waiting: [] });
});

it('in an emergency an admin approves the version that waits, with a grant that says so', async () => {
  const version = await fixture.register(0);
  await fixture.stage(version);
  const path = `/models/churn/versions/${version}/break-glass`;
  expect((await api.send('POST', path, { reason: 'fire' })).body.error.message).toContain(
    'where it is validated',
  );
  const body = { model: 'churn', version, summary: 'better', requestedBy: 'bo' };
  const evidence = {
    model: 'churn',
    version,
    championVersion: null,
    body,
    expiresAt: new Date('2100-01-01Z'),
  };
  const { digest } = await writeEvidence(fixture.database, evidence);
  api.gate.answer = () => ({ accepted: true, decision: 'approve', decidedBy: 'admin of the tests' });
  expect((await api.send('POST', path, { reason: 'fire' }, grace)).status).toBe(403);
  expect((await api.send('POST', path, { reason: 'fire' })).body).toMatchObject({ did: 'approved' });
  const [sent] = api.gate.sent;
  expect(sent).toMatchObject({ version, evidenceDigest: digest, decision: 'approve', comment: 'fire' });
  expect(await getGrant(fixture.database.kysely, sent!.grantId!)).toMatchObject({
    action: 'break-glass',
    version,
    evidenceDigest: digest,
    comment: 'fire',
  });
  api.gate.answer = () => ({ accepted: false, decision: 'approve', refusal: 'you requested it' });
  const refused = await api.send('POST', path, { reason: 'fire' });
  expect([refused.status, refused.body.error.message]).toEqual([409, 'you requested it']);
  expect(await waitingRequests(fixture.database, 1_000)).toEqual(
    expect.arrayContaining([expect.objectContaining({ type: 'break_glass', model: 'churn' })]),
  );
});

it('the version that waits is shown with its policy, what people decided, and their comments', async () => {
  const comment = { text: 'the new fee explains it', actor: 'bo', authority: 'key' };
  const { body: before } = await api.send('GET', '/models/churn/pending', undefined, grace);
  await addComment(fixture.database, { model: 'churn', version: before.version }, comment);
  expect((await api.send('GET', '/models/churn/pending', undefined, grace)).body).toMatchObject({
    policy: { approvals: 1, selfApproval: 'refuse' },
    decisions: [],
    comments: [comment],
  });
});
