import { Client, Connection, ServiceError } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { temporalDecisionGate } from '../../api/context/decision-gate.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { listDecisions } from '../../store/registry/decisions.ts';
import { type DecisionMessage } from '../../domain/decisions/approval.ts';

const message: DecisionMessage = {
  version: 1,
  evidenceDigest: 'a'.repeat(64),
  decision: 'approve',
  comment: '',
  decidedBy: 'ada',
};

let connection: Connection;
let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
  connection = await Connection.connect({ address: inject('temporalAddress') });
});

afterAll(async () => {
  await connection.close();
  await database.drop();
});

it('returns undefined if no release of the version is open', async () => {
  const gate = temporalDecisionGate(new Client({ connection }), database);
  expect(await gate.decide('nothing', 1, message)).toBeUndefined();
});

it('fails with TEMPORAL_UNREACHABLE if Temporal cannot be reached', async () => {
  const nowhere = Connection.lazy({ address: '127.0.0.1:1' });
  const gate = temporalDecisionGate(new Client({ connection: nowhere }), database);
  await expect(gate.decide('churn', 1, message)).rejects.toMatchObject({ code: 'TEMPORAL_UNREACHABLE' });
  await nowhere.close();
});

it('suggests a signal if a run accepts no more updates, and records the decision', async () => {
  const model = await candidateModel(database, 'asked_often');
  const version = await model.stage();
  // The answer of a server when `history.maxTotalUpdates` is reached.
  const details =
    'The limit on the total number of distinct updates in this workflow has been reached (2000). Make sure';
  const cause = Object.assign(new Error(`9 FAILED_PRECONDITION: ${details}`), {
    code: 9,
    details,
    metadata: {},
  });
  const client = {
    withDeadline: (_: number, call: () => Promise<unknown>) => call(),
    workflow: {
      getHandle: (workflowId: string) => ({
        workflowId,
        describe: async () => ({ runId: 'the-run' }),
        executeUpdate: () => Promise.reject(new ServiceError('Workflow Update failed', { cause })),
      }),
    },
  } as unknown as Client;
  const gate = temporalDecisionGate(client, database);
  for (const decision of ['approve', 'reject'] as const) {
    await expect(
      gate.decide('asked_often', version, { ...message, version, decision }),
    ).rejects.toMatchObject({
      code: 'UPDATES_EXHAUSTED',
      message: expect.stringContaining('accepts no more updates') as string,
      remedy: expect.stringContaining('Decide with a signal from the Temporal UI') as string,
    });
  }
  expect(await listDecisions(database, 'asked_often', version)).toMatchObject([
    { decision: 'approve', actor: 'ada', accepted: false, channel: 'update', runId: 'the-run' },
    { decision: 'reject', actor: 'ada', accepted: false, channel: 'update', runId: 'the-run' },
  ]);
});
