// The database lets a version into Production only with the grants that the policy frozen with its evidence demands.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ModelInput } from '../../domain/model/definition.ts';
import { type Decision, recordDecision, type RecordedDecision } from '../../store/registry/decisions.ts';
import { findEvidence, writeEvidence } from '../../store/registry/evidence.ts';
import { type GrantHolder, issueGrant } from '../../store/registry/grants.ts';
import { rollBack } from '../../store/registry/roll-back.ts';
import { archive, promote } from '../../store/registry/stage-moves.ts';
import { findVersionIn } from '../../store/registry/versions.ts';
import { by, type CandidateModel, candidateModel, grantHolder } from '../helpers/candidates.ts';
import { failureOf, sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const [ada, grace, hopper, linus] = ['ada', 'grace', 'hopper', 'linus'].map((name) => grantHolder(name)) as [
  GrantHolder,
  GrantHolder,
  GrantHolder,
  GrantHolder,
];

/** A version of a new model that waits for a decision under a policy. linus has applied the definition. */
interface Waiting {
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly candidates: CandidateModel;
}

let models = 0;
async function waiting(promotion: Partial<ModelInput['promotion']>): Promise<Waiting> {
  const model = `policy_${(models += 1)}`;
  const candidates = await candidateModel(database, model, { promotion });
  const version = await candidates.stage();
  return { model, version, digest: await evidenceOn(model, version), candidates };
}

async function evidenceOn(model: string, version: number): Promise<string> {
  const body = { model, version };
  const expiresAt = new Date('2100-01-01Z');
  return (await writeEvidence(database, { model, version, championVersion: null, body, expiresAt })).digest;
}

type Kind = 'approve' | 'reject' | 'break-glass';

const grantFor = (holder: GrantHolder, { model, version, digest }: Waiting, action: Kind, comment = '') =>
  issueGrant(database, holder, { action, model, version, evidenceDigest: digest }, { comment });

const row = ({ model, version, digest }: Waiting, kind: Kind): Decision => ({
  request: randomUUID(),
  model,
  version,
  evidenceDigest: digest,
  decision: kind === 'reject' ? 'reject' : 'approve',
  actor: 'somebody',
  authority: 'unverified',
  channel: 'update',
  comment: '',
  refusal: null,
  workflowId: 'w',
  runId: 'r',
});

async function decide(
  holder: GrantHolder,
  about: Waiting,
  kind: Kind = 'approve',
  comment = '',
): Promise<RecordedDecision> {
  const grant = await grantFor(holder, about, kind, comment);
  return recordDecision(
    database,
    { ...row(about, kind), actor: grant.person, authority: grant.via, comment },
    grant,
  );
}

const promoteIt = ({ model, version, digest }: Waiting, actor: string) =>
  promote(database, model, version, null, { ...by('r', actor), evidenceDigest: digest }, '');

const champion = async (model: string) => (await findVersionIn(database, model, 'Production'))?.version;

test('two approvals need two people, and the second one settles', async () => {
  const about = await waiting({ approvals: 2 });
  expect(await decide(ada, about)).toMatchObject({ accepted: true, settles: false, actor: 'ada' });
  expect(await failureOf(promoteIt(about, 'ada'))).toMatchObject({ code: 'ILLEGAL_MOVE' });
  expect(await decide(ada, about)).toMatchObject({
    accepted: false,
    refusal: `ada has decided on version 1 already`,
  });
  expect(await decide(grantHolder('ci of ada', { ownerId: ada.personId }), about)).toMatchObject({
    accepted: false,
  });
  expect(await decide(hopper, about)).toMatchObject({ accepted: true, settles: true });
  expect(await decide(grace, about)).toMatchObject({
    accepted: false,
    refusal: expect.stringMatching(/^version 1 was approved by hopper/) as string,
  });
  await promoteIt(about, 'hopper');
  expect(await champion(about.model)).toBe(1);
});

test('ten people who approve at the same moment settle a version once', async () => {
  const about = await waiting({ approvals: 3 });
  const people = Array.from({ length: 10 }, (_, at) => grantHolder(`person ${at}`));
  const rows = await Promise.all(people.map((person) => decide(person, about)));
  expect(rows.filter(({ settles }) => settles)).toHaveLength(1);
  expect(rows.filter(({ accepted }) => accepted)).toHaveLength(3);
});

describe('the person who last applied the model may not approve it', () => {
  test.each([
    ['in person', linus],
    ['with a second key', { ...linus, credential: 'another' }],
    ['as an admin', { ...linus, roles: ['admin', 'approver'] }],
    ['by a service account', grantHolder('ci of linus', { ownerId: linus.personId })],
  ])('%s', async (_, holder) => {
    const about = await waiting({});
    // The definition of this test was applied without a grant, so it names linus but not who linus is.
    const named = { ...holder, person: holder.ownerId === null ? ' Linus' : 'linus' };
    expect(await decide(named, about)).toMatchObject({
      accepted: false,
      refusal: expect.stringMatching(/requested this version and may not approve it$/) as string,
    });
    expect(await decide(named, about, 'reject')).toMatchObject({ accepted: true, settles: true });
  });
});

test('a policy that records self-approval says so in the row', async () => {
  const about = await waiting({ selfApproval: 'record' });
  expect(await decide(linus, about)).toMatchObject({ accepted: true, settles: true, selfApproved: true });
  await promoteIt(about, 'linus');
});

test.each([
  ['a role', {}, { roles: ['viewer', 'operator'] }, 'ada does not have the role approver'],
  [
    'a group',
    { approvers: { groups: ['risk'] } },
    { groups: ['other'] },
    'ada is in none of the groups that promotion.approvers names',
  ],
  ['a comment', { commentRequired: true }, {}, 'promotion.commentRequired asks for a comment'],
] as const)('an approval that lacks %s is refused', async (_, promotion, more, refusal) => {
  const about = await waiting(promotion);
  expect(await decide(grantHolder('ada', more as never), about)).toMatchObject({ accepted: false, refusal });
  expect(await decide(grantHolder('hopper', { groups: ['risk'] }), about, 'approve', 'good')).toMatchObject({
    accepted: true,
  });
});

test('one refusal ends the wait, unless refusals are counted', async () => {
  expect(await decide(ada, await waiting({ approvals: 2 }), 'reject')).toMatchObject({ settles: true });
  const counted = await waiting({ approvals: 2, rejection: 'counts' });
  expect(await decide(ada, counted, 'reject')).toMatchObject({ accepted: true, settles: false });
  expect(await decide(hopper, counted)).toMatchObject({ accepted: true, settles: false });
  expect(await decide(grace, counted, 'reject')).toMatchObject({ accepted: true, settles: true });
});

test('an emergency takes one admin with a reason, who did not request the version', async () => {
  const about = await waiting({ approvals: 5 });
  expect(await decide(ada, about, 'break-glass')).toMatchObject({ accepted: false });
  expect(
    await decide(grantHolder('hopper', { roles: ['approver'] }), about, 'break-glass', 'fire'),
  ).toMatchObject({ accepted: false });
  expect(await decide(linus, about, 'break-glass', 'fire')).toMatchObject({ accepted: false });
  expect(await decide(ada, about, 'break-glass', 'fire')).toMatchObject({ settles: true });
  await promoteIt(about, 'ada');
});

test('the policy that counts is the one frozen with the evidence, whatever the definition says later', async () => {
  const about = await waiting({ approvals: 2 });
  await database.pool.query(
    `insert into tidegate.definition (model, version, body, digest, applied_by)
     select model, 2, jsonb_set(body::jsonb, '{promotion,approvals}', '1')::json, 'x', 'ada'
     from tidegate.definition where model = $1`,
    [about.model],
  );
  expect(await decide(ada, about)).toMatchObject({ settles: false });
  expect((await findEvidence(database, about.model, 1))?.policy).toMatchObject({ approvals: 2 });
});

describe('a worker that lies', () => {
  const accepted = (about: Waiting, more = '') =>
    database.pool.query(
      `insert into tidegate.decision (request, model, version, evidence_digest, decision, actor, authority, channel,
         comment, accepted, workflow_id, run_id, settles, person_id ${more && ', grant_id'})
       values ($1, $2, $3, $4, 'approve', 'ada', 'key', 'update', '', true, 'w', 'r', true, 99 ${more})`,
      [randomUUID(), about.model, about.version, about.digest],
    );

  test('cannot accept a decision without a grant', async () => {
    expect(await sqlStateOf(accepted(await waiting({})))).toBe('TG002');
  });

  test('cannot accept a decision with a grant that it has not used, or that is for something else', async () => {
    const about = await waiting({});
    const { id } = await grantFor(ada, about, 'approve');
    expect(await sqlStateOf(accepted(about, `, '${id}'`))).toBe('TG002');
    for (const other of [
      await grantFor(ada, about, 'reject'),
      await grantFor(hopper, about, 'approve'),
      await grantFor(ada, { ...about, digest: 'e'.repeat(64) }, 'approve'),
      await grantFor(ada, { ...about, version: 2 }, 'approve'),
    ]) {
      expect(await sqlStateOf(accepted(about, `, '${other.id}'`))).toBe('TG002');
    }
  });

  test('cannot settle with one approval of two', async () => {
    const about = await waiting({ approvals: 2 });
    expect(await decide(ada, about)).toMatchObject({ settles: false });
    expect(await sqlStateOf(accepted(about))).toBe('TG002');
    expect(await failureOf(promoteIt(about, 'ada'))).toMatchObject({ code: 'ILLEGAL_MOVE' });
  });

  test('cannot store evidence with another policy than that of the model', async () => {
    const { candidates, model } = await waiting({ approvals: 2 });
    const version = await candidates.stage();
    const policy = { approvals: 1 };
    const insert = (column: object, body: object) =>
      database.pool.query(
        `insert into tidegate.evidence (model, version, digest, body, policy, expires_at) values ($1, $2, 'd', $3, $4, now())`,
        [model, version, JSON.stringify(body), JSON.stringify(column)],
      );
    expect(await sqlStateOf(insert(policy, { policy }))).toBe('40001');
    const { rows } = await database.pool.query<{ policy: object }>(
      'select tidegate.promotion_policy($1) as policy',
      [model],
    );
    expect(await sqlStateOf(insert(rows[0]!.policy, { policy }))).toBe('TG002');
  });

  test('cannot archive a version as superseded while nothing takes its place', async () => {
    const { model, version } = await waiting({});
    expect(await failureOf(archive(database, model, version, by(), 'superseded', ''))).toMatchObject({
      code: 'ILLEGAL_MOVE',
    });
  });

  test('cannot say that a run was started by a grant which was not used for it', async () => {
    const { model } = await waiting({});
    const { id } = await issueGrant(database, ada, {
      action: 'retrain',
      model,
      version: null,
      evidenceDigest: null,
    });
    const insert = database.pool.query(
      `insert into tidegate.retrain (id, model, trigger, requested_by, grant_id, workflow_id, run_id)
       values ('mine', $1, 'manual', 'ada', $2, 'w', 'r')`,
      [model, id],
    );
    expect(await sqlStateOf(insert)).toBe('TG002');
  });
});

describe('a rollback', () => {
  /** A model whose versions 1 and 2 were promoted. */
  async function twoChampions(promotion: Partial<ModelInput['promotion']>): Promise<string> {
    const { model, candidates } = await waiting({ ...promotion, approvals: 1 });
    await candidates.produce();
    await candidates.produce();
    return model;
  }

  const grantTo = async (holder: GrantHolder, model: string, version: number | null = null, comment = '') =>
    (
      await issueGrant(
        database,
        holder,
        { action: 'rollback', model, version, evidenceDigest: null },
        { comment },
      )
    ).id;

  const back = (model: string, grants: string[], actor = 'ada', runId = randomUUID()) => {
    const grantId = grants[0] ?? null;
    const authority = grants.length === 0 ? 'unverified' : 'key';
    const who = { ...by(runId, actor), authority, evidenceDigest: null, grantId };
    return rollBack(database, model, undefined, who, 'it fails', undefined, grants);
  };

  test('takes a grant, and one grant rolls back once under whatever run', async () => {
    const model = await twoChampions({});
    expect(await failureOf(back(model, []))).toMatchObject({ code: 'GRANT_REQUIRED' });
    const id = await grantTo(ada, model);
    const done = await back(model, [id]);
    expect(await back(model, [id])).toEqual(done);
    expect(await champion(model)).toBe(done.to);
  });

  test('is refused with the grant of a viewer, of another person, or for another version', async () => {
    const model = await twoChampions({});
    const viewer = await grantTo(grantHolder('ada', { roles: ['viewer'] }), model);
    expect(await failureOf(back(model, [viewer]))).toMatchObject({ code: 'GRANT_REQUIRED' });
    expect(await failureOf(back(model, [await grantTo(hopper, model)]))).toMatchObject({
      code: 'ILLEGAL_MOVE',
    });
    expect(await failureOf(back(model, [await grantTo(ada, model, 99)]))).toMatchObject({
      code: 'GRANT_REQUIRED',
    });
    expect(await failureOf(back(model, [await grantTo(ada, 'another')]))).toMatchObject({
      code: 'GRANT_MISMATCH',
    });
    expect(await champion(model)).toBe(3);
  });

  test('by a rule needs a watch that was broken and whose policy says so', async () => {
    const model = await twoChampions({});
    const rule = { ...by('watch', 'tidegate'), authority: 'rule', evidenceDigest: null };
    expect(await failureOf(rollBack(database, model, undefined, rule, 'broken'))).toMatchObject({
      code: 'ILLEGAL_MOVE',
    });
  });

  test('that the policy gives to approvers takes one of them', async () => {
    const model = await twoChampions({ rollback: 'approval' });
    const operator = await grantTo(grantHolder('ada', { roles: ['operator'] }), model);
    expect(await failureOf(back(model, [operator]))).toMatchObject({ code: 'GRANT_REQUIRED' });
    await back(model, [await grantTo(ada, model)]);
  });
});
