import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { temporalDecisionGate } from '../../api/decision-gate.ts';
import { type DecisionMessage } from '../../domain/lifecycle/approval.ts';

const message: DecisionMessage = {
  version: 1,
  evidenceDigest: 'a'.repeat(64),
  decision: 'approve',
  comment: '',
  decidedBy: 'ada',
};

let connection: Connection;

beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
});

afterAll(() => connection.close());

it('finds no release where none is open', async () => {
  const gate = temporalDecisionGate(new Client({ connection }));
  expect(await gate.decide('nothing', 1, message)).toBeUndefined();
});

it('says that Temporal cannot be reached', async () => {
  const nowhere = Connection.lazy({ address: '127.0.0.1:1' });
  const gate = temporalDecisionGate(new Client({ connection: nowhere }));
  await expect(gate.decide('churn', 1, message)).rejects.toMatchObject({ code: 'TEMPORAL_UNREACHABLE' });
  await nowhere.close();
});
