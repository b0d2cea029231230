import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { TidegateError } from '../../domain/errors.ts';
import { listDecisions, recordDecision } from '../../store/registry/decisions.ts';
import { getGrant } from '../../store/registry/grants.ts';
import { writeEvidence } from '../../store/registry/evidence.ts';
import { makeKey, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;
let waiting: number;

const digest = 'a'.repeat(64);
const message = { evidenceDigest: digest, decision: 'approve', comment: 'better', decidedBy: 'bo' };
const decide = (body: object, model = 'churn') => api.send('POST', `/models/${model}/decisions`, body);
const pending = () => api.send('GET', '/models/churn/pending');

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  waiting = await fixture.register(1);
  // Without authentication, so that many people can decide.
  api = await startTestApi(fixture.database, 'decisions', undefined, 2_000, undefined, 'off');
});

beforeEach(() => {
  api.gate.answer = () => undefined;
  api.gate.sent.length = 0;
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

describe('a decision', () => {
  it('is sent to the release and answered if it is accepted', async () => {
    api.gate.answer = () => ({ accepted: true, decision: 'approve' });
    const { status, body } = await decide({ ...message, version: waiting });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        model: 'churn',
        version: waiting,
        accepted: true,
        decision: 'approve',
        decidedBy: 'bo',
        selfApproved: false,
        settles: true,
      },
    });
    expect(api.gate.sent).toEqual([{ ...message, version: waiting }]);
  });

  it('that is self-approved, or not the last one, says so', async () => {
    const more = { selfApproved: true, settles: false, people: 1, needed: 2 } as const;
    api.gate.answer = () => ({ accepted: true, decision: 'approve', ...more });
    expect((await decide({ ...message, version: waiting })).body).toMatchObject(more);
  });

  it('needs no comment', async () => {
    api.gate.answer = () => ({ accepted: true, decision: 'reject' });
    const { status } = await decide({ ...message, comment: undefined, decision: 'reject', version: waiting });
    expect([status, api.gate.sent[0]?.comment]).toEqual([200, '']);
  });

  it('is made in the name of the key, and refused if it names somebody else', async () => {
    const own = await startTestApi(fixture.database, 'decisions-with-keys');
    try {
      own.gate.answer = () => ({ accepted: true, decision: 'approve' });
      const body = { ...message, version: waiting };
      const key = await makeKey(fixture.database, 'eve', ['approver']);
      const claimed = await own.send('POST', '/models/churn/decisions', body, key);
      expect([claimed.status, claimed.body.error.places[0]?.at]).toEqual([400, 'decidedBy']);
      expect(claimed.body.error.message).toBe('decidedBy names bo, but the key belongs to eve');
      const { decidedBy: _, ...unclaimed } = body;
      expect((await own.send('POST', '/models/churn/decisions', unclaimed, key)).status).toBe(200);
      expect(own.gate.sent.map(({ decidedBy }) => decidedBy)).toEqual(['eve']);
      const grant = await getGrant(fixture.database.kysely, own.gate.sent[0]?.grantId ?? '');
      expect(grant).toMatchObject({
        action: 'approve',
        model: 'churn',
        version: waiting,
        evidenceDigest: digest,
        person: 'eve',
        via: 'key',
        comment: 'better',
        consumed: null,
      });
      own.gate.answer = () => undefined;
      const late = await own.send('POST', '/models/churn/decisions', unclaimed, key);
      expect([late.status, late.body.error.code]).toEqual([404, 'NOTHING_PENDING']);
      own.gate.answer = () => ({ accepted: false, decision: 'approve', refusal: 'the evidence is older' });
      await own.send('POST', '/models/churn/decisions', unclaimed, key);
      // Nobody can use the grants of decisions that were refused.
      for (const { grantId } of own.gate.sent.slice(1)) {
        const closed = await getGrant(fixture.database.kysely, grantId ?? '');
        expect(closed.consumed?.by).toBe('refused');
      }
    } finally {
      await own.close();
    }
  });

  it('is answered with the reason if it is refused', async () => {
    api.gate.answer = () => ({ accepted: false, decision: 'approve', refusal: 'the evidence is older' });
    const { status, body } = await decide({ ...message, version: waiting });
    expect([status, body.error.code, body.error.message]).toEqual([
      409,
      'DECISION_REFUSED',
      'the evidence is older',
    ]);
  });

  it('on a version that has not reached Staging is answered with NOTHING_PENDING', async () => {
    const { status, body } = await decide({ ...message, version: waiting });
    expect([status, body.error.code]).toEqual([404, 'NOTHING_PENDING']);
    expect(body.error.message).toContain('has not reached Staging');
  });

  it('on an unknown version or model is not sent', async () => {
    const version = await decide({ ...message, version: 99 });
    const model = await decide({ ...message, version: 1 }, 'nothing');
    expect([version.status, version.body.error.code]).toEqual([404, 'UNKNOWN_VERSION']);
    expect([model.status, model.body.error.code]).toEqual([404, 'UNKNOWN_MODEL']);
    expect(api.gate.sent).toEqual([]);
  });

  it('is answered with 503 while Temporal cannot be reached', async () => {
    api.gate.answer = () => {
      throw new TidegateError('TEMPORAL_UNREACHABLE', 'no connection');
    };
    const { status, body } = await decide({ ...message, version: waiting });
    expect([status, body.error.code]).toEqual([503, 'TEMPORAL_UNREACHABLE']);
  });

  it.each([
    ['without a person', { decidedBy: '  ' }, 'decidedBy'],
    ['with an unknown decision', { decision: 'maybe' }, 'decision'],
    ['with a digest that is too short', { evidenceDigest: 'abc' }, 'evidenceDigest'],
    ['with a version as text', { version: '2' }, 'version'],
    ['with a comment that cannot be stored', { comment: 'a\0b' }, 'comment'],
    ['with an unknown field', { grant: 'x' }, 'grant'],
  ])('is refused %s, naming the field', async (_, wrong, at) => {
    const { status, body } = await decide({ ...message, version: waiting, ...wrong });
    expect([status, body.error.code]).toEqual([400, 'INVALID_REQUEST']);
    expect(body.error.places.map(({ at }) => at)).toEqual([at]);
    expect(api.gate.sent).toEqual([]);
  });
});

it('a decision that is refused before it is sent is recorded with the person and uses its grant', async () => {
  const version = await fixture.register(3);
  const settled = { model: 'churn', version, evidenceDigest: digest, decision: 'approve' } as const;
  await recordDecision(fixture.database, {
    ...settled,
    request: 'settled',
    actor: 'carla',
    authority: 'unverified',
    channel: 'update',
    comment: '',
    refusal: null,
    workflowId: 'w',
    runId: 'r',
  });
  const own = await startTestApi(fixture.database, 'decisions-that-are-late');
  try {
    const key = await makeKey(fixture.database, 'nina', ['approver']);
    const body = { version, evidenceDigest: digest, decision: 'reject', comment: 'too late' };
    const answer = await own.send('POST', '/models/churn/decisions', body, key);
    expect([answer.status, answer.body.error.code, own.gate.sent]).toEqual([409, 'DECISION_REFUSED', []]);
  } finally {
    await own.close();
  }
  const [, row] = await listDecisions(fixture.database, 'churn', version);
  expect(row).toMatchObject({ actor: 'nina', authority: 'key', accepted: false, comment: 'too late' });
  expect((await getGrant(fixture.database.kysely, row?.grantId ?? '')).consumed).not.toBeNull();
});

describe('two hundred people who decide at the same time', () => {
  it('all get an answer, one decision is accepted, and each is recorded', async () => {
    const version = await fixture.register(2);
    const record = (person: string, refusal: string | null) =>
      recordDecision(fixture.database, {
        request: `at-once/${person}`,
        model: 'churn',
        version,
        evidenceDigest: digest,
        decision: 'approve',
        actor: person,
        authority: 'unverified',
        channel: 'update',
        comment: '',
        refusal,
        workflowId: `release/churn/${version}`,
        runId: 'run',
      });
    let atOnce = 0;
    let most = 0;
    // Does what a run does: records each decision that it receives and accepts the first.
    const decided = vi.spyOn(api.gate, 'decide').mockImplementation(async (_model, _version, sent) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      const { refusal } = await record(sent.decidedBy ?? '', null);
      atOnce -= 1;
      return { accepted: refusal === null, decision: 'approve', ...(refusal !== null && { refusal }) };
    });
    const people = Array.from({ length: 200 }, (_, at) => `person ${at}`);
    const answers = await Promise.all(people.map((decidedBy) => decide({ ...message, version, decidedBy })));
    decided.mockRestore();
    const counted = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 409);
    expect([counted.length, refused.length]).toEqual([1, 199]);
    for (const { body } of refused)
      expect([body.error.code, body.error.message]).toEqual([
        'DECISION_REFUSED',
        expect.stringMatching(new RegExp(`version ${version} was approved by person \\d+ at 20`)),
      ]);
    expect(most).toBeLessThanOrEqual(4);
    const rows = await listDecisions(fixture.database, 'churn', version);
    expect(rows.map(({ actor }) => actor).sort()).toEqual([...people].sort());
    expect(rows.filter(({ accepted }) => accepted)).toHaveLength(1);
  });
});

describe('the pending version', () => {
  it('does not exist while Staging is empty or the version is still being validated', async () => {
    const empty = await pending();
    expect([empty.status, empty.body.error.code]).toEqual([404, 'NOTHING_PENDING']);
    await fixture.stage(waiting);
    const validating = await pending();
    expect([validating.status, validating.body.error.message]).toEqual([
      404,
      `version ${waiting} of churn is still being validated`,
    ]);
  });

  it('comes with its evidence, its expiry and what to send', async () => {
    const evidence = await writeEvidence(fixture.database, {
      model: 'churn',
      version: waiting,
      championVersion: 1,
      body: { summary: 'AUC 0.62 against 0.49', comparison: { rows: 1_400 } },
      expiresAt: new Date('2024-03-08T00:00:00Z'),
    });
    const { status, body } = await pending();
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        model: 'churn',
        version: waiting,
        championVersion: 1,
        summary: 'AUC 0.62 against 0.49',
        evidenceDigest: evidence.digest,
        expiresAt: '2024-03-08T00:00:00.000Z',
        evidence: evidence.body,
        send: {
          method: 'POST',
          path: '/models/churn/decisions',
          body: {
            version: waiting,
            evidenceDigest: evidence.digest,
            decision: 'approve',
            comment: 'why',
          },
        },
      },
    });
    api.gate.answer = () => ({ accepted: true, decision: 'approve' });
    expect((await decide(body.send.body)).status).toBe(200);
  });

  it('no longer exists once it was decided, and a further decision is refused with the name of who decided', async () => {
    await recordDecision(fixture.database, {
      request: 'test/0',
      model: 'churn',
      version: waiting,
      evidenceDigest: digest,
      decision: 'reject',
      actor: 'carla',
      authority: 'unverified',
      channel: 'signal',
      comment: '',
      refusal: null,
      workflowId: 'test',
      runId: 'test',
    });
    const shown = await pending();
    const late = await decide({ ...message, version: waiting });
    expect([shown.status, shown.body.error.code]).toEqual([404, 'NOTHING_PENDING']);
    expect([late.status, late.body.error.code]).toEqual([409, 'DECISION_REFUSED']);
    for (const { body } of [shown, late]) {
      expect(body.error.message).toMatch(new RegExp(`version ${waiting}.* was rejected by carla at 20`));
    }
  });
});
