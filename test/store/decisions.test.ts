// Decisions: every one is recorded, and at most one settles a version.
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Decision,
  findAcceptedDecision,
  findDecision,
  listDecisions,
  recordDecision,
  describeAcceptedDecision,
} from '../../store/registry/decisions.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
  await candidateModel(database, 'churn');
});
afterAll(() => database.drop());

const decision = (version: number, request: string, other: Partial<Decision> = {}): Decision => ({
  request,
  model: 'churn',
  version,
  evidenceDigest: 'e'.repeat(64),
  decision: 'approve',
  actor: 'ada',
  authority: 'key',
  channel: 'signal',
  comment: 'looks right',
  refusal: null,
  workflowId: 'release',
  runId: 'run',
  ...other,
});
const record = (input: Decision) => recordDecision(database, input);

test('a decision is recorded as it was sent', async () => {
  const sent = decision(1, 'whole', { channel: 'update', comment: '"fine" — 👍' });
  const row = await record(sent);
  expect(row).toMatchObject({ ...sent, accepted: true });
  expect(await findDecision(database, 'whole')).toEqual(row);
  expect(await findAcceptedDecision(database, 'churn', 1)).toEqual(row);
});

test('a refused decision is recorded and settles nothing', async () => {
  const row = await record(decision(2, 'refused', { refusal: 'the evidence is not complete yet' }));
  expect(row).toMatchObject({ accepted: false, refusal: 'the evidence is not complete yet' });
  expect(await findAcceptedDecision(database, 'churn', 2)).toBeUndefined();
  expect(await record(decision(2, 'then accepted'))).toMatchObject({ accepted: true });
});

test('a repeated request returns the first row, even if its content differs', async () => {
  const first = await record(decision(3, 'repeated'));
  expect(await record(decision(3, 'repeated', { decision: 'reject', comment: 'no' }))).toEqual(first);
  expect(await listDecisions(database, 'churn', 3)).toEqual([first]);
});

test('a second valid decision is recorded as refused, and its refusal names who settled the version', async () => {
  const first = await record(decision(4, 'first', { decision: 'reject', actor: 'grace' }));
  const second = await record(decision(4, 'second'));
  expect(second).toMatchObject({ request: 'second', decision: 'approve', accepted: false });
  expect(second.refusal).toBe(describeAcceptedDecision(first));
  expect(second.refusal).toBe(`version 4 was rejected by grace at ${first.at.toISOString()}`);
  expect(await findAcceptedDecision(database, 'churn', 4)).toEqual(first);
});

test('of ten concurrent decisions one is accepted, and the refusals of the others name it', async () => {
  const requests = Array.from({ length: 10 }, (_, n) => `at once ${n}`);
  const rows = await Promise.all(
    requests.map((request, n) =>
      record(decision(5, request, { decision: n % 2 ? 'approve' : 'reject', actor: `person ${n}` })),
    ),
  );
  const accepted = rows.filter((row) => row.accepted);
  expect(accepted).toHaveLength(1);
  const [winner] = accepted as [(typeof rows)[number]];
  const refusals = new Set(rows.filter((row) => !row.accepted).map(({ refusal }) => refusal));
  expect(refusals).toEqual(new Set([describeAcceptedDecision(winner)]));
  expect(await listDecisions(database, 'churn', 5)).toHaveLength(10);
});

test('one request sent ten times concurrently is recorded once', async () => {
  const rows = await Promise.all(Array.from({ length: 10 }, () => record(decision(6, 'chorus'))));
  expect(new Set(rows.map(({ at }) => at.getTime())).size).toBe(1);
  expect(await listDecisions(database, 'churn', 6)).toHaveLength(1);
});

test('each version is settled separately', async () => {
  expect(await record(decision(7, 'seven'))).toMatchObject({ accepted: true });
  expect(await record(decision(8, 'eight'))).toMatchObject({ accepted: true });
});

test('the database refuses an accepted decision with a refusal, and an unknown decision', async () => {
  const insert = (accepted: boolean, refusal: string | null, word: string) =>
    database.pool.query(
      `insert into tidegate.decision (request, model, version, evidence_digest, decision, actor, authority, channel,
         comment, accepted, refusal, workflow_id, run_id)
       values ('bad', 'churn', 9, '', $1, 'ada', 'key', 'signal', '', $2, $3, 'w', 'r')`,
      [word, accepted, refusal],
    );
  await expect(insert(true, 'no', 'approve')).rejects.toMatchObject({ code: '23514' });
  await expect(insert(false, null, 'approve')).rejects.toMatchObject({ code: '23514' });
  await expect(insert(true, null, 'maybe')).rejects.toMatchObject({ code: '23514' });
});
