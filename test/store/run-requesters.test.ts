// Who asked for a run is the person of its grant, or the requester of the run that caused it. A name alone is only shown.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../domain/canonical-json.ts';
import { applyDefinition, getDefinition } from '../../store/definitions/definitions.ts';
import { recordDecision } from '../../store/registry/decisions.ts';
import { writeEvidence } from '../../store/registry/evidence.ts';
import { closeGrant, getGrant, type GrantScope, issueGrant } from '../../store/registry/grants.ts';
import { decideReport, type NewReport, openReport } from '../../store/registry/reports.ts';
import { getRetrain, noteRetrain, openRetrain } from '../../store/registry/retrains.ts';
import { archive, moveToStaging } from '../../store/registry/stage-moves.ts';
import { registerVersion } from '../../store/registry/versions.ts';
import { by, candidateModel, grantHolder } from '../helpers/candidates.ts';
import { failureOf, sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

const MODEL = 'asked';
const NOBODY = { requestedBy: 'unverified', claimedBy: null };

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
  // Its definition is applied by linus, without a grant.
  await candidateModel(database, MODEL);
});
afterAll(() => database.drop());

const grantOf = async (person: string, action: GrantScope['action'], model = MODEL): Promise<string> =>
  (await issueGrant(database, grantHolder(person), { action, model, version: null, evidenceDigest: null }))
    .id;

async function report(more: Partial<NewReport> = {}) {
  const { rows } = await database.pool.query<{ id: number }>(
    'select min(id)::int as id from tidegate.dataset',
  );
  return openReport(database, {
    request: randomUUID(),
    model: MODEL,
    definitionVersion: 1,
    championVersion: null,
    datasetId: rows[0]!.id,
    asOf: new Date('2024-01-31Z'),
    workflowId: `monitor/${MODEL}`,
    runId: 'run',
    ...more,
  });
}

const decided = (id: number, decision: object) => decideReport(database, id, { decision, summary: '' });

const retrain = (id: string, more: { reportId?: number; grantId?: string; requestedBy?: string } = {}) =>
  openRetrain(database, {
    id,
    model: MODEL,
    reportId: null,
    asOf: null,
    trigger: 'by hand',
    requestedBy: 'somebody',
    workflowId: `retrain/${MODEL}`,
    runId: 'run',
    ...more,
  });

/** Registers what a retrain trained, moves it to Staging and stores evidence on it. */
async function waiting(retrainId: string) {
  const { version } = await registerVersion(database, {
    model: MODEL,
    definitionVersion: 1,
    retrainId,
    datasetId: (await report()).datasetId,
    trainer: 'logistic-regression',
    artifact: { retrainId, encoding: { dropped: [] } },
    reference: {},
  });
  await noteRetrain(database, retrainId, { candidateVersion: version });
  await moveToStaging(database, MODEL, version, by(), { whilePending: 'supersede', detail: '' });
  const { digest } = await writeEvidence(database, {
    model: MODEL,
    version,
    championVersion: null,
    body: { model: MODEL, version },
    expiresAt: new Date('2100-01-01Z'),
  });
  return { version, digest };
}

/** Returns why a person may not approve a version; null if the approval was accepted. */
async function refusalFor(person: string, { version, digest }: { version: number; digest: string }) {
  const grant = await issueGrant(database, grantHolder(person), {
    action: 'approve',
    model: MODEL,
    version,
    evidenceDigest: digest,
  });
  const { refusal } = await recordDecision(
    database,
    {
      request: randomUUID(),
      model: MODEL,
      version,
      evidenceDigest: digest,
      decision: 'approve',
      actor: person,
      authority: 'key',
      channel: 'update',
      comment: '',
      refusal: null,
      workflowId: 'w',
      runId: 'r',
    },
    grant,
  );
  return refusal;
}

describe('a report', () => {
  test('has the person of its grant as its requester, whatever name the run was started with', async () => {
    const grantId = await grantOf('ada', 'monitor');
    const opened = await report({ grantId, claimedBy: 'grace', request: 'granted' });
    expect(opened).toMatchObject({ requestedBy: 'ada', claimedBy: null });
    expect(await report({ grantId, claimedBy: 'grace', request: 'granted' })).toEqual(opened);
    expect(await failureOf(report({ grantId }))).toMatchObject({ code: 'GRANT_USED' });
  });

  test('without a grant has no person as its requester, and keeps the name that was given', async () => {
    expect(await report({ claimedBy: 'grace' })).toMatchObject({ ...NOBODY, claimedBy: 'grace' });
    expect(await report({ isScheduled: true })).toMatchObject({ requestedBy: 'schedule', claimedBy: null });
    expect(await sqlStateOf(report({ claimedBy: 'grace\nroot: ok' }))).toBe('TG003');
  });

  test.each(['retrain', 'materialize', 'rollback'] as const)(
    'is not opened with a grant to %s',
    async (action) => {
      const grantId = await grantOf('ada', action);
      expect(await failureOf(report({ grantId }))).toMatchObject({ code: 'GRANT_MISMATCH' });
      expect((await getGrant(database.kysely, grantId)).consumed).toBeNull();
    },
  );

  test('on labels that have come has the requester of the run that found them', async () => {
    const first = await report();
    const found = await report({ grantId: await grantOf('ada', 'monitor') });
    await decided(found.id, { retrain: false, lookAgain: { reportId: first.id } });
    const again = { workflowId: `monitor/${MODEL}/again/${first.id}`, claimedBy: 'grace' };
    expect(await report(again)).toMatchObject({ requestedBy: 'ada', claimedBy: null });
    // No run found labels of this window.
    expect(await report({ ...again, workflowId: `monitor/${MODEL}/again/${found.id}` })).toMatchObject({
      requestedBy: 'unverified',
      claimedBy: 'grace',
    });
  });
});

describe('a retrain', () => {
  test('that a report decided has the requester of the report', async () => {
    const { id } = await report({ grantId: await grantOf('ada', 'monitor') });
    await decided(id, { retrain: true });
    const opened = await retrain(`${MODEL}/report-${id}`, { reportId: id, requestedBy: 'grace' });
    expect(opened).toMatchObject({ requestedBy: 'ada', claimedBy: null });
    const version = await waiting(opened.id);
    expect(await refusalFor('ada', version)).toBe('ada requested this version and may not approve it');
    // linus applied the model last, and did not ask for this version.
    expect(await refusalFor('linus', version)).toBeNull();
  });

  test('that a report did not decide does not borrow its requester', async () => {
    const { id } = await report({ grantId: await grantOf('ada', 'monitor') });
    await decided(id, { retrain: false });
    const forged = await retrain(`${MODEL}/report-${id}`, { reportId: id, requestedBy: 'ada' });
    expect(forged).toMatchObject({ requestedBy: 'unverified', claimedBy: 'ada', grantId: null });
    const yes = await report({ grantId: await grantOf('ada', 'monitor') });
    await decided(yes.id, { retrain: true });
    expect(await retrain(`${MODEL}/another`, { reportId: yes.id })).toMatchObject({ grantId: null });
  });

  test.each(['somebody', 'schedule', 'unverified'])(
    'that %s asked for without a grant may not be approved by the person who last applied the model',
    async (requestedBy) => {
      const opened = await retrain(`${MODEL}/forged-${requestedBy}`, { requestedBy });
      expect(opened.requestedBy).toBe('unverified');
      expect(opened.claimedBy).toBe(requestedBy === 'somebody' ? 'somebody' : null);
      const version = await waiting(opened.id);
      expect(await refusalFor('linus', version)).toBe('linus requested this version and may not approve it');
      expect(await refusalFor('ada', version)).toBeNull();
    },
  );

  test('uses its grant once, and for itself', async () => {
    const grantId = await grantOf('ada', 'retrain');
    const opened = await retrain(`${MODEL}/granted`, { grantId, requestedBy: 'grace' });
    expect(opened).toMatchObject({ requestedBy: 'ada', claimedBy: null, grantId });
    expect(await retrain(`${MODEL}/granted`, { grantId })).toEqual(opened);
    expect(await failureOf(retrain(`${MODEL}/second`, { grantId }))).toMatchObject({ code: 'GRANT_USED' });
    const other = await grantOf('ada', 'retrain', 'another');
    expect(await failureOf(retrain(`${MODEL}/third`, { grantId: other }))).toMatchObject({
      code: 'GRANT_MISMATCH',
    });
  });

  test('is refused by the database if it names a grant that was used for something else', async () => {
    const { grantId } = await getRetrain(database, `${MODEL}/granted`);
    const insert = database.pool.query(
      `insert into tidegate.retrain (id, model, trigger, requested_by, workflow_id, run_id, grant_id)
       values ('lie', $1, 'by hand', 'ada', 'w', 'r', $2)`,
      [MODEL, grantId],
    );
    expect(await sqlStateOf(insert)).toBe('TG002');
  });

  test('in place of a stale version has the requester of that version, if it became stale', async () => {
    const first = await retrain(`${MODEL}/first`, { grantId: await grantOf('ada', 'retrain') });
    const { version } = await waiting(first.id);
    const id = `${first.id}/stale-${version}`;
    const authority = { ...by(), actor: 'tidegate', authority: 'rule' };
    expect(await retrain(`${first.id}/stale-${version + 1}`)).toMatchObject({ grantId: null });
    await archive(database, MODEL, version, authority, 'stale', 'the champion changed');
    expect(await retrain(id, { requestedBy: 'grace' })).toMatchObject({
      requestedBy: 'ada',
      claimedBy: null,
    });
  });
});

test('a version of a run without a grant may not be approved by the person whose grant applied the model last', async () => {
  const { definition } = await getDefinition(database, MODEL);
  const changed = { ...definition, training: { ...definition.training, seed: 8 } };
  const scope = { action: 'apply', model: MODEL, version: null, evidenceDigest: digestOf(changed) } as const;
  const { id } = await issueGrant(database, grantHolder('ada'), scope);
  expect(await applyDefinition(database, changed, 'ada', id)).toMatchObject({ version: 2, changed: true });
  expect((await getGrant(database.kysely, id)).consumed).toMatchObject({ by: 'definition 2' });
  const version = await waiting((await retrain(`${MODEL}/after`)).id);
  expect(await refusalFor('ada', version)).toBe('ada requested this version and may not approve it');
  expect(await refusalFor('linus', version)).toBeNull();
});

test('a grant whose action was refused can no longer be used', async () => {
  const grantId = await grantOf('ada', 'monitor');
  await closeGrant(database, grantId, 'another run is open');
  expect((await getGrant(database.kysely, grantId)).consumed).toMatchObject({
    by: 'refused',
    result: { refused: 'another run is open' },
  });
  expect(await failureOf(report({ grantId }))).toMatchObject({ code: 'GRANT_USED' });
  await closeGrant(database, grantId, 'again');
  const { id } = await issueGrant(
    database,
    grantHolder('ada'),
    { action: 'monitor', model: MODEL, version: null, evidenceDigest: null },
    { lifetimeMs: 1 },
  );
  await database.pool.query('select pg_sleep(0.02)');
  await closeGrant(database, id, 'too late');
  expect((await getGrant(database.kysely, id)).consumed).toBeNull();
});
