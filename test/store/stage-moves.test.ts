// Moves between stages: the allowed ones succeed, and the database refuses every other one.
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Stage } from '../../store/postgres/tables.ts';
import { approved, type CandidateModel, candidateModel } from '../helpers/candidates.ts';
import { sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

const stages: readonly Stage[] = ['None', 'Staging', 'Production', 'Archived'];

/** The table of docs/architecture.md, repeated here. */
const allowed = new Set([
  'None Staging rules_passed',
  'None Archived refused',
  'None Archived failed',
  'None Archived cancelled',
  'Staging Production approved',
  'Staging Archived validation_failed',
  'Staging Archived rejected',
  'Staging Archived expired',
  'Staging Archived superseded',
  'Staging Archived stale',
  'Staging Archived withdrawn',
  'Production Archived replaced',
  'Production Archived rolled_back',
  'Archived Production rollback',
]);
const reasons = [
  ...new Set([...allowed].map((move) => move.split(' ')[2] as string)),
  '',
  'because',
  'APPROVED',
];

let database: MigratedDatabase;
let client: pg.PoolClient;
/** One model for each stage, and the number of its version in that stage. */
const holders = new Map<Stage, { model: string; version: number }>();
let neverThere: { model: string; version: number };
let crowded: CandidateModel;

beforeAll(async () => {
  database = await migratedDatabase();
  const none = await candidateModel(database, 'in_none');
  const staging = await candidateModel(database, 'in_staging', {
    promotion: { unverifiedSignals: 'accept' },
  });
  const production = await candidateModel(database, 'in_production');
  const archived = await candidateModel(database, 'in_archived');
  const refused = await candidateModel(database, 'refused');
  crowded = await candidateModel(database, 'crowded');
  holders.set('None', { model: 'in_none', version: await none.register() });
  holders.set('Staging', { model: 'in_staging', version: await staging.stage() });
  holders.set('Production', { model: 'in_production', version: await production.produce() });
  client = await database.pool.connect();
  const once = await archived.produce();
  await archived.produce();
  holders.set('Archived', { model: 'in_archived', version: once });
  neverThere = { model: 'refused', version: await refused.register() };
  await move(neverThere, 'None', 'Archived', 'refused');
});
afterAll(async () => {
  client.release();
  await database.drop();
});

const move = (
  of: { model: string; version: number },
  from: string,
  to: string,
  reason: string,
  evidence: string | null = null,
) =>
  client.query(
    `insert into tidegate.transition (model, version, from_stage, to_stage, reason, actor, authority, evidence_digest,
       workflow_id, run_id)
     values ($1, $2, $3, $4, $5, 'ada', 'key', $6, 'test', 'run')`,
    [of.model, of.version, from, to, reason, evidence],
  );

/** Records what a move requires: the decision of a person, or the archiving of the champion. */
async function prepare(
  { model, version }: { model: string; version: number },
  reason: string,
): Promise<string | null> {
  if (reason === 'rollback')
    await move({ model, version: version + 1 }, 'Production', 'Archived', 'rolled_back');
  if (reason !== 'approved' && reason !== 'rejected') return null;
  const digest = 'd'.repeat(64);
  await client.query(
    `insert into tidegate.evidence (model, version, digest, body, expires_at) values ($1, $2, $3, '{}', now())`,
    [model, version, digest],
  );
  await client.query(
    `insert into tidegate.decision (request, model, version, evidence_digest, decision, actor, authority, channel, comment,
       accepted, workflow_id, run_id)
     values ('prepared', $1, $2, $3, $4, 'ada', 'key', 'update', '', true, 'test', 'run')`,
    [model, version, digest, reason === 'approved' ? 'approve' : 'reject'],
  );
  return digest;
}

const stageOf = async ({ model, version }: { model: string; version: number }): Promise<unknown> => {
  const { rows } = await client.query<{ stage: string }>(
    'select stage from tidegate.version where model = $1 and version = $2',
    [model, version],
  );
  return rows[0]?.stage;
};

describe('in a transaction that is rolled back', () => {
  beforeEach(async () => {
    await client.query('begin');
    return async () => void (await client.query('rollback'));
  });

  const every = stages.flatMap((from) =>
    [...stages, 'Nowhere'].flatMap((to) => reasons.map((reason) => [from, to, reason] as const)),
  );
  const good = every.filter((each) => allowed.has(each.join(' ')));
  const bad = every.filter((each) => !allowed.has(each.join(' ')));

  test.each(good)('%s → %s because "%s" is allowed', async (from, to, reason) => {
    const holder = holders.get(from) as { model: string; version: number };
    await move(holder, from, to, reason, await prepare(holder, reason));
    expect(await stageOf(holder)).toBe(to);
  });

  test(`every one of the ${bad.length} other moves is refused`, async () => {
    expect(good).toHaveLength(allowed.size);
    for (const [from, to, reason] of bad) {
      await client.query('savepoint before');
      const state = await sqlStateOf(move(holders.get(from) as never, from, to, reason));
      expect(`${from} → ${to} because "${reason}": ${state}`).toBe(
        `${from} → ${to} because "${reason}": TG002`,
      );
      await client.query('rollback to savepoint before');
    }
  });

  test('a move that names another stage than the version is in is refused', async () => {
    for (const actual of stages) {
      for (const each of allowed) {
        const [from, to, reason] = each.split(' ') as [string, string, string];
        if (from === actual) continue;
        await client.query('savepoint before');
        expect(await sqlStateOf(move(holders.get(actual) as never, from, to, reason))).toBe('TG002');
        await client.query('rollback to savepoint before');
      }
    }
  });

  test('a rollback to a version that was never in Production is refused', async () => {
    const refused = move(neverThere, 'Archived', 'Production', 'rollback');
    await expect(refused).rejects.toMatchObject({
      code: 'TG002',
      message: `version ${neverThere.version} of refused was never in Production`,
    });
  });

  test('a move of a version that does not exist is refused', async () => {
    expect(await sqlStateOf(move({ model: 'in_none', version: 99 }, 'None', 'Staging', 'rules_passed'))).toBe(
      'TG002',
    );
  });
});

test('Production and Staging cannot have two versions', async () => {
  const champion = await crowded.produce();
  const waiting = { model: 'crowded', version: await crowded.stage() };
  const third = { model: 'crowded', version: await crowded.register() };
  const { evidenceDigest } = await approved(database, 'crowded', waiting.version, null);
  const second = move(waiting, 'Staging', 'Production', 'approved', evidenceDigest);
  expect(await sqlStateOf(second)).toBe('23505');
  expect(await sqlStateOf(move(third, 'None', 'Staging', 'rules_passed'))).toBe('23505');
  expect(await stageOf({ model: 'crowded', version: champion })).toBe('Production');
  expect(await stageOf(waiting)).toBe('Staging');
  expect(await stageOf(third)).toBe('None');
});
