// The floor of the policies, and definitions that loosen their own policy: what is in force, and who may accept it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { belowFloor, type PolicyFloor } from '../../domain/decisions/policy-floor.ts';
import { type FrozenPolicy } from '../../domain/decisions/promotion-policy.ts';
import { digestOf } from '../../domain/canonical-json.ts';
import { type ModelDefinition, type ModelInput } from '../../domain/model/definition.ts';
import { verifyLog } from '../../store/audit/verify-log.ts';
import {
  type Applied,
  applyDefinition,
  getDefinition,
  reviewDefinition,
} from '../../store/definitions/definitions.ts';
import { listWaiting, refusedReview } from '../../store/definitions/reviews.ts';
import { inKyselyTransaction } from '../../store/postgres/connections.ts';
import { readPromotionPolicy, writeEvidence } from '../../store/registry/evidence.ts';
import { consumeGrant, type GrantHolder, issueGrant } from '../../store/registry/grants.ts';
import { modelsBelow, setFloor } from '../../store/registry/policy-floor.ts';
import { candidateModel, grantHolder, recordHolder } from '../helpers/candidates.ts';
import { failureOf, sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

const [ada, grace, linus] = ['ada', 'grace', 'linus'].map((name) => grantHolder(name)) as [
  GrantHolder,
  GrantHolder,
  GrantHolder,
];

beforeAll(async () => {
  database = await migratedDatabase();
  for (const name of ['ada', 'grace', 'linus']) await recordHolder(database, name);
});
afterAll(() => database.drop());

async function floor(
  rules: PolicyFloor,
  holder = ada,
  action: 'set-floor' | 'apply' = 'set-floor',
): Promise<void> {
  const scope = { action, model: '', version: null, evidenceDigest: null } as const;
  const grant = await issueGrant(database, holder, scope);
  await inKyselyTransaction(database, (transaction) =>
    consumeGrant(transaction, grant.id, { ...scope, by: 'test' }, () =>
      setFloor(transaction, rules, {
        reason: 'audit',
        actor: grant.person,
        authority: grant.via,
        grantId: grant.id,
      }),
    ),
  );
}

type Promotion = Partial<ModelInput['promotion']>;

let models = 0;
/** A model whose first definition was applied by linus without a grant. */
async function model(promotion: Promotion): Promise<{
  readonly name: string;
  readonly apply: (next: Promotion, by?: GrantHolder) => Promise<Applied & { readonly digest: string }>;
  readonly stage: () => Promise<number>;
}> {
  const name = `floor_${(models += 1)}`;
  const { stage } = await candidateModel(database, name, { promotion });
  const { definition } = await getDefinition(database, name);
  const apply = async (next: Promotion, by: GrantHolder = linus) => {
    const changed = { ...definition, promotion: { ...definition.promotion, ...next } } as ModelDefinition;
    const digest = digestOf(changed);
    const grant = await issueGrant(database, by, {
      action: 'apply',
      model: name,
      version: null,
      evidenceDigest: digest,
    });
    return { ...(await applyDefinition(database, changed, by.person, grant.id)), digest };
  };
  return { name, apply, stage };
}

describe('the floor', () => {
  test('is set with the grant of an admin, which is used', async () => {
    const operator = grantHolder('grace', { roles: ['operator', 'approver'] });
    expect(await sqlStateOf(floor({ approvals: 2 }, operator))).toBe('TG002');
    expect(await sqlStateOf(floor({ approvals: 2 }, ada, 'apply'))).toBe('TG002');
    const { id } = await issueGrant(database, ada, {
      action: 'set-floor',
      model: '',
      version: null,
      evidenceDigest: null,
    });
    const unused = database.pool.query(
      `insert into tidegate.policy_floor (policy, reason, actor, authority, grant_id) values ('{}', 'r', 'ada', 'key', $1)`,
      [id],
    );
    expect(await sqlStateOf(unused)).toBe('TG002');
    await floor({});
    expect(await sqlStateOf(database.pool.query(`update tidegate.policy_floor set reason = ''`))).toBe(
      'TG001',
    );
  });

  test('refuses a definition below it, and the error names every rule', async () => {
    const { name, apply } = await model({ approvals: 2 });
    await floor({ approvals: 3, commentRequired: true });
    const refused = await failureOf(apply({ minDelta: 0.1 }));
    expect(refused).toMatchObject({ code: 'POLICY_BELOW_FLOOR' });
    expect(refused.message).toBe(
      `the promotion policy of ${name} is below the floor: promotion.approvals is 2, but the floor of this installation ` +
        'asks for at least 3; promotion.commentRequired is false, but the floor of this installation asks for true',
    );
    expect(await modelsBelow(database, { approvals: 3 })).toContainEqual({
      model: name,
      rules: ['promotion.approvals'],
    });
    expect(await apply({ approvals: 3, commentRequired: true })).toMatchObject({ status: 'in force' });
    await floor({});
  });

  test('counts for the next evidence of a model below it, and not for evidence that is frozen', async () => {
    const { name, stage } = await model({ unverifiedSignals: 'accept', selfApproval: 'record' });
    const evidence = async (version: number) => {
      const body = { model: name, version };
      const expiresAt = new Date('2100-01-01Z');
      return writeEvidence(database, { model: name, version, championVersion: null, body, expiresAt });
    };
    await evidence(await stage());
    await floor({ approvals: 2 });
    await evidence(await stage());
    const { rows } = await database.pool.query(
      `select policy ->> 'approvals' as approvals, policy ->> 'unverifiedSignals' as signals
       from tidegate.evidence where model = $1 order by version`,
      [name],
    );
    // Two approvals are two people, so decisions of people who are not known count no longer.
    expect(rows).toEqual([
      { approvals: '1', signals: 'accept' },
      { approvals: '2', signals: 'refuse' },
    ]);
    await floor({});
  });

  const POLICIES: FrozenPolicy[] = [1, 2, 5].flatMap((approvals) =>
    (['approver', 'admin'] as const).flatMap((role) =>
      [undefined, ['a'], ['a', 'b'], ['c']].flatMap((groups) =>
        [false, true].map((strict): FrozenPolicy => ({
          approvals,
          approvers: { role, ...(groups && { groups }) },
          rejection: strict ? 'ends' : 'counts',
          commentRequired: strict,
          selfApproval: strict ? 'refuse' : 'record',
          unverifiedSignals: strict || approvals > 1 ? 'refuse' : 'accept',
          rollback: strict ? 'approval' : 'operator',
          ...(strict ? {} : { watch: 'off' }),
        })),
      ),
    ),
  );
  const FLOORS: PolicyFloor[] = [
    {},
    { approvals: 2 },
    { approvals: 3, approvers: { role: 'admin' } },
    { approvers: { groups: ['a', 'b'] } },
    { rejection: 'ends', commentRequired: true },
    { selfApproval: 'refuse', unverifiedSignals: 'refuse' },
    { rollback: 'approval', watch: 'on' },
    { approvals: 1, approvers: { role: 'admin', groups: ['b'] }, selfApproval: 'refuse', watch: 'on' },
  ];

  test('the database raises exactly the policies that the application calls too low, and no further than the floor', async () => {
    const pairs = POLICIES.flatMap((policy) => FLOORS.map((rules) => ({ policy, rules })));
    const { rows } = await database.pool.query<{ raised: FrozenPolicy }>(
      `select tidegate.raise_policy(p -> 'policy', p -> 'rules') as raised
       from jsonb_array_elements($1::jsonb) with ordinality as t(p, n) order by n`,
      [JSON.stringify(pairs)],
    );
    for (const [at, { policy, rules }] of pairs.entries()) {
      const { raised } = rows[at]!;
      expect(belowFloor(raised, rules), JSON.stringify({ policy, rules })).toEqual([]);
      if (belowFloor(policy, rules).length === 0) expect(raised).toEqual(policy);
      else expect(raised).not.toEqual(policy);
    }
  });
});

describe('a definition that loosens its policy', () => {
  const review = async (
    name: string,
    { version, digest }: { readonly version: number; readonly digest: string },
    by: GrantHolder | undefined,
    verdict: 'accepted' | 'refused' = 'accepted',
    more: { readonly version?: number; readonly comment?: string } = {},
  ) => {
    const action = verdict === 'accepted' ? 'accept-definition' : 'refuse-definition';
    const scope = { action, model: name, version: more.version ?? version, evidenceDigest: digest } as const;
    const said = { model: name, version, digest, verdict, comment: more.comment ?? '' };
    const grant = by && (await issueGrant(database, by, scope));
    try {
      return await inKyselyTransaction(database, async (transaction) => {
        if (!grant) {
          const nobody = { actor: 'eve', authority: 'unverified', grantId: null };
          return reviewDefinition(transaction, { ...said, ...nobody });
        }
        const who = { actor: grant.person, authority: grant.via, grantId: grant.id };
        const work = () => reviewDefinition(transaction, { ...said, ...who });
        return (await consumeGrant(transaction, grant.id, { ...scope, by: 'test' }, work)).result;
      });
    } catch (error) {
      throw refusedReview(error);
    }
  };

  test('waits until another approver accepts it, and the one before stays in force', async () => {
    const { name, apply } = await model({ approvals: 2 });
    const next = await apply({ approvals: 1 });
    expect(next).toMatchObject({
      version: 2,
      changed: true,
      status: 'waiting',
      loosens: [{ at: 'promotion.approvals', was: 2, becomes: 1 }],
    });
    expect((await getDefinition(database, name)).version).toBe(1);
    expect(await readPromotionPolicy(database, name)).toMatchObject({ approvals: 2 });
    expect(await listWaiting(database, name)).toMatchObject([{ version: 2, inForce: 1, appliedBy: 'linus' }]);
    expect(await apply({ approvals: 1 })).toMatchObject({ version: 2, changed: false, status: 'waiting' });

    expect(await review(name, next, ada)).toEqual({ self: false });
    expect((await getDefinition(database, name)).version).toBe(2);
    expect(await readPromotionPolicy(database, name)).toMatchObject({ approvals: 1 });
    expect(await listWaiting(database, name)).toEqual([]);
    expect(await failureOf(review(name, next, grace))).toMatchObject({
      code: 'DECISION_REFUSED',
      message: `definition 2 of ${name} was accepted by ada`,
    });
  });

  test.each([
    ['in person', linus],
    ['with another key, as an admin', { ...linus, credential: 'another' }],
    ['by a service account', grantHolder('ci of linus', { ownerId: linus.personId })],
  ])('is not accepted by the person who applied it: %s', async (_, holder) => {
    const { name, apply } = await model({ commentRequired: true });
    const next = await apply({ commentRequired: false });
    const refused = await failureOf(review(name, next, holder, 'accepted', { comment: 'mine' }));
    expect(refused).toMatchObject({ code: 'DECISION_REFUSED' });
    expect(refused.message).toMatch(/applied definition 2 of floor_\d+ and may not accept it$/);
    // To take it back is no approval.
    expect(await review(name, next, holder, 'refused', { comment: 'a mistake' })).toEqual({ self: false });
  });

  test('takes the role, the groups and the comment of the policy in force', async () => {
    const { name, apply } = await model({ approvers: { groups: ['risk'] }, commentRequired: true });
    const next = await apply({ approvers: { groups: ['risk', 'it'] } });
    const words = async (holder: GrantHolder, comment = '') =>
      (await failureOf(review(name, next, holder, 'accepted', { comment }))).message;
    expect(await words(grantHolder('ada', { roles: ['operator'] }))).toBe(
      'ada does not have the role approver',
    );
    expect(await words(grantHolder('ada', { groups: ['it'] }))).toBe(
      'ada is in none of the groups that promotion.approvers names',
    );
    const member = grantHolder('ada', { groups: ['risk'] });
    expect(await words(member)).toBe('promotion.commentRequired asks for a comment');
    await review(name, next, member, 'accepted', { comment: 'it helps us' });
  });

  test('is accepted only by a grant for exactly this definition, and by nobody who is not known', async () => {
    const { name, apply } = await model({ approvals: 2 });
    const next = await apply({ approvals: 1 });
    expect(await failureOf(review(name, next, ada, 'accepted', { version: 1 }))).toMatchObject({
      code: 'DECISION_REFUSED',
    });
    expect(await failureOf(review(name, { ...next, digest: 'e'.repeat(64) }, ada))).toMatchObject({
      code: 'DECISION_REFUSED',
    });
    expect(await failureOf(review(name, next, undefined))).toMatchObject({ code: 'GRANT_REQUIRED' });
    expect(await failureOf(review(name, { ...next, version: 1 }, ada))).toMatchObject({
      code: 'DECISION_REFUSED',
    });
    expect((await getDefinition(database, name)).version).toBe(1);
  });

  test('of a person alone is accepted by that person, and the record says so', async () => {
    const { name, apply } = await model({ selfApproval: 'record', approvals: 1, commentRequired: true });
    const next = await apply({ commentRequired: false });
    expect(next.status).toBe('waiting');
    expect(await review(name, next, linus, 'accepted', { comment: 'I am alone' })).toEqual({ self: true });
  });

  test('that was refused counts for nothing, and can be applied again', async () => {
    const { name, apply } = await model({ approvals: 2 });
    const next = await apply({ approvals: 1 });
    await review(name, next, ada, 'refused');
    expect(await listWaiting(database, name)).toEqual([]);
    expect((await getDefinition(database, name)).version).toBe(1);
    expect(await apply({ approvals: 1 })).toMatchObject({ version: 3, status: 'waiting' });
  });

  test('is overtaken by the next definition, such as the one that was in force', async () => {
    const { name, apply } = await model({ approvals: 2 });
    const next = await apply({ approvals: 1 });
    expect(await apply({})).toMatchObject({ version: 3, changed: true, status: 'in force' });
    expect(await failureOf(review(name, next, ada))).toMatchObject({
      code: 'DECISION_REFUSED',
      message: `definition 2 of ${name} does not wait for an approver`,
    });
    expect((await getDefinition(database, name)).version).toBe(3);
  });

  test('is not accepted below a floor that was raised meanwhile', async () => {
    const { name, apply } = await model({ approvals: 3 });
    const next = await apply({ approvals: 2 });
    await floor({ approvals: 3 });
    expect(await failureOf(review(name, next, ada))).toMatchObject({ code: 'POLICY_BELOW_FLOOR' });
    await floor({});
    await review(name, next, ada);
  });
});

test('floors, loosened policies and reviews are in the chains of the audit log, which is whole', async () => {
  const { rows } = await database.pool.query<{ chain: string; kind: string }>(
    `select distinct kind, chain = '' as "isInstallation" from tidegate.audit_event
     where kind in ('floor set', 'policy loosened', 'definition reviewed') order by kind`,
  );
  expect(rows).toEqual([
    { kind: 'definition reviewed', isInstallation: false },
    { kind: 'floor set', isInstallation: true },
    { kind: 'policy loosened', isInstallation: false },
  ]);
  const { problems } = await verifyLog(database);
  expect(problems.filter(({ of }) => of !== 'rule')).toEqual([]);
});
