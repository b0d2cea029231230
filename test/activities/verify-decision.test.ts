// A decision is verified against the stored evidence, and recorded in a form that cannot be mistaken for another.
import { type Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { type DecisionMessage, legible } from '../../domain/decisions/approval.ts';
import { listDecisions } from '../../store/registry/decisions.ts';
import { findEvidence, writeEvidence } from '../../store/registry/evidence.ts';
import { issueGrant } from '../../store/registry/grants.ts';
import { waitingRequests } from '../../store/registry/notice-requests.ts';
import { getVersion } from '../../store/registry/versions.ts';
import { approved, type CandidateModel, candidateModel, grantHolder } from '../helpers/candidates.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { tamper } from '../helpers/tamper.ts';

const NAME = 'decided';

let database: MigratedDatabase;
let model: CandidateModel;

beforeAll(async () => {
  database = await migratedDatabase({ max: 3 });
  model = await candidateModel(database, NAME, { promotion: { unverifiedSignals: 'accept' } });
});
afterAll(async () => {
  await database.drop();
});

type Steps = ReturnType<typeof createActivities>;

const run = <T>(step: (steps: Steps) => Promise<T>): Promise<T> => {
  const steps = createActivities({
    database,
    client: {} as Client,
    taskQueue: 'none',
  });
  const workflowExecution = { workflowId: `release/${NAME}/1`, runId: 'run' };
  return new MockActivityEnvironment({ workflowExecution }).run<[], T, () => Promise<T>>(() => step(steps));
};

async function waiting(): Promise<{ version: number; digest: string }> {
  const version = await model.stage();
  const { digest } = await writeEvidence(database, {
    model: NAME,
    version,
    championVersion: null,
    body: { summary: 'better', numbers: [1e-7, 5e-324, 1e21, -0, 0.1], 'ключ — 键': 'é\n\u0001' },
    expiresAt: new Date('2100-01-01Z'),
  });
  return { version, digest };
}

let sent = 0;
const decide = (version: number, digest: string, other: Partial<DecisionMessage> = {}) => {
  const decision = {
    version,
    evidenceDigest: digest,
    decision: 'approve',
    comment: '',
    decidedBy: 'hopper',
  } as const;
  const message = legible({ ...decision, ...other }, other.decision ?? 'approve');
  return run((steps) =>
    steps.verifyDecision({
      model: NAME,
      version,
      request: `request-${(sent += 1)}`,
      channel: 'signal',
      message,
    }),
  );
};

const change = (version: number) =>
  tamper(
    database,
    `update tidegate.evidence set body = jsonb_set(body, '{summary}', '"perfect"') where version = $1`,
    [version],
  );

test('evidence that was changed while its version waits cannot be decided on, and raises an alarm', async () => {
  const { version, digest } = await waiting();
  expect((await findEvidence(database, NAME, version))?.digest).toBe(digest);
  await change(version);
  const result = await decide(version, digest);
  expect(result).toMatchObject({
    accepted: false,
    refusal: expect.stringMatching(/^EVIDENCE_CHANGED: /) as string,
  });
  expect(await listDecisions(database, NAME, version)).toMatchObject([{ accepted: false, actor: 'hopper' }]);
  expect(await waitingRequests(database, 10)).toMatchObject([
    { type: 'run.failed', facts: { message: expect.stringContaining('EVIDENCE_CHANGED') as string } },
  ]);
  expect((await failureOf(findEvidence(database, NAME, version))).code).toBe('EVIDENCE_CHANGED');
});

test('evidence that was changed after the decision does not promote its version, which can still be archived', async () => {
  const { version } = await waiting();
  await tamper(database, 'delete from tidegate.evidence where version = $1', [version]);
  await approved(database, NAME, version, null);
  await change(version);
  const subject = { model: NAME, version };
  expect((await failureOf(run((steps) => steps.promote(subject)))).code).toBe('EVIDENCE_CHANGED');
  await run((steps) => steps.archiveCandidate({ ...subject, reason: 'withdrawn', detail: 'changed' }));
  expect((await getVersion(database, NAME, version)).stage).toBe('Archived');
});

test('evidence that exists before its release assembles it is not accepted', async () => {
  const { version } = await waiting();
  const other = {
    model: NAME,
    version,
    championVersion: null,
    body: { summary: 'another' },
    expiresAt: new Date(),
  };
  expect((await failureOf(writeEvidence(database, other))).code).toBe('EVIDENCE_CHANGED');
});

test.each([
  ['grace\nroot: ok', 'grace\\nroot: ok'],
  ['grace\u202eecarg', 'grace\\u{202e}ecarg'],
  ['gra\u200bce', 'gra\\u{200b}ce'],
  ['gra\0ce', 'gra\\u{fffd}ce'],
])('a decision by %j is refused, and recorded as %s', async (decidedBy, actor) => {
  const { version, digest } = await waiting();
  expect(await decide(version, digest, { decidedBy })).toMatchObject({
    accepted: false,
    refusal: expect.stringMatching(/^decidedBy must be one printable line/) as string,
  });
  expect(await listDecisions(database, NAME, version)).toMatchObject([{ actor, accepted: false }]);
});

test('a comment of several lines is accepted and kept', async () => {
  const { version, digest } = await waiting();
  expect(await decide(version, digest, { comment: 'first\nsecond' })).toEqual({
    accepted: true,
    decision: 'approve',
  });
  expect(await listDecisions(database, NAME, version)).toMatchObject([{ comment: 'first\nsecond' }]);
});

test('the person who asked for a version cannot approve it under another spelling of the name', async () => {
  const { version, digest } = await waiting();
  for (const decidedBy of ['GRACE ', 'ｇｒａｃｅ'])
    expect(await decide(version, digest, { decidedBy })).toMatchObject({ accepted: false });
});

test('a retrain or rollback by a name with a line break is refused', async () => {
  const requestedBy = 'grace\nroot: ok';
  const retrain = {
    retrainId: 'bad',
    model: NAME,
    reportId: null,
    asOf: null,
    trigger: 'by hand',
    requestedBy,
  };
  expect((await failureOf(run((steps) => steps.openRetrain(retrain)))).code).toBe('INVALID_REQUEST');
  const back = { model: NAME, requestedBy, reason: 'x' };
  expect((await failureOf(run((steps) => steps.rollBack(back)))).code).toBe('INVALID_REQUEST');
});

describe('a decision with a grant', () => {
  const grantTo = async (person: string, version: number, digest: string, more = {}) => {
    const scope = { action: 'approve', model: NAME, version, evidenceDigest: digest, ...more } as const;
    return (await issueGrant(database, grantHolder(person), scope, { comment: 'convincing' })).id;
  };

  test('is the decision of the person of the grant, and gets the same answer under another run', async () => {
    const { version, digest } = await waiting();
    const grantId = await grantTo('ada', version, digest);
    const answer = { accepted: true, decision: 'approve', decidedBy: 'ada' };
    const message = { grantId, decidedBy: undefined, comment: undefined };
    expect(await decide(version, digest, message as never)).toEqual(answer);
    expect(await decide(version, digest, message as never)).toEqual(answer);
    expect(await listDecisions(database, NAME, version)).toMatchObject([
      { actor: 'ada', authority: 'key', comment: 'convincing', settles: true, grantId },
    ]);
  });

  test.each([
    ['names another person', { decidedBy: 'hopper' }, /decidedBy names another person/],
    ['names another comment', { comment: 'bad' }, /for another comment/],
    ['rejects with the grant of an approval', { decision: 'reject' }, /for the action approve/],
  ] as const)('that %s is refused, and leaves the grant unused', async (_, more, refusal) => {
    const { version, digest } = await waiting();
    const grantId = await grantTo('ada', version, digest);
    const sent = { grantId, decidedBy: 'ada', ...more };
    expect(await decide(version, digest, sent)).toMatchObject({
      accepted: false,
      refusal: expect.stringMatching(refusal) as string,
    });
    expect(await decide(version, digest, { grantId, decidedBy: 'ada' })).toMatchObject({ accepted: true });
  });

  test('in an emergency, or of the person who requested the version, is answered and recorded as that', async () => {
    const emergency = await waiting();
    const scope = {
      action: 'break-glass',
      model: NAME,
      version: emergency.version,
      evidenceDigest: emergency.digest,
    } as const;
    const { id } = await issueGrant(database, grantHolder('ada'), scope, { comment: 'fire' });
    const message = { grantId: id, decidedBy: undefined, comment: undefined } as never;
    expect(await decide(emergency.version, emergency.digest, message)).toEqual({
      accepted: true,
      decision: 'approve',
      decidedBy: 'ada',
      breakGlass: 'fire',
    });
    expect(await listDecisions(database, NAME, emergency.version)).toMatchObject([{ breakGlass: true }]);

    const alone = await candidateModel(database, 'alone', { promotion: { selfApproval: 'record' } });
    const version = await alone.stage();
    const body = { summary: 'better' };
    const evidence = {
      model: 'alone',
      version,
      championVersion: null,
      body,
      expiresAt: new Date('2100-01-01Z'),
    };
    const { digest } = await writeEvidence(database, evidence);
    const own = { action: 'approve', model: 'alone', version, evidenceDigest: digest } as const;
    // linus has applied the definition, and nobody else is known to have asked for the version.
    const grant = await issueGrant(database, grantHolder('linus'), own);
    const sentBy = {
      version,
      evidenceDigest: digest,
      decision: 'approve',
      comment: '',
      grantId: grant.id,
    } as const;
    const input = { model: 'alone', version, request: 'alone', channel: 'update', message: sentBy } as const;
    expect(await run((steps) => steps.verifyDecision(input))).toMatchObject({
      decidedBy: 'linus',
      selfApproved: true,
    });
  });

  test('that names no grant, or one of another version, is refused and recorded as unverified', async () => {
    const { version, digest } = await waiting();
    const other = await grantTo('ada', version + 1, digest);
    for (const grantId of [other, '', 'x', '00000000-0000-4000-8000-000000000000', 7 as never]) {
      expect(await decide(version, digest, { grantId, decidedBy: 'ada' })).toMatchObject({ accepted: false });
    }
    const rows = await listDecisions(database, NAME, version);
    expect(rows).toHaveLength(5);
    expect(rows.every(({ authority, grantId }) => authority === 'unverified' && grantId === null)).toBe(true);
  });

  test('after the version was settled is refused, and tells the release how it was settled', async () => {
    const { version, digest } = await waiting();
    await decide(version, digest, { grantId: await grantTo('ada', version, digest), decidedBy: 'ada' });
    const late = await decide(version, digest, {
      grantId: await grantTo('hopper', version, digest),
      decidedBy: 'hopper',
    });
    expect(late).toMatchObject({
      accepted: false,
      settled: { kind: 'approved', decidedBy: 'ada', comment: 'convincing' },
    });
  });
});
