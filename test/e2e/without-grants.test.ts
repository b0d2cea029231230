// Whoever reaches Temporal can start every workflow and send every signal and update. Without a grant none of them moves a
// version, and no name in them is recorded as the name of a person.
import { randomUUID } from 'node:crypto';
import { type WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeEvidence } from '../../store/registry/evidence.ts';
import { findVersionIn } from '../../store/registry/versions.ts';
import {
  approveSignal,
  decideUpdate,
  type MonitorInput,
  rejectSignal,
  type ReleaseInput,
  releaseStateQuery,
  type RetrainRequest,
  retrainRequestedSignal,
  type RollbackInput,
  searchAttributes,
  supersededSignal,
  workflowIds,
  workflowTypes,
} from '../../workflows/protocol/messages.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Loop, startLoop } from '../helpers/loop.ts';

// A unique name, because all tests of a run share one Temporal and its workflow ids.
const MODEL = 'ungranted';
const EARLIER = 1;
const CHAMPION = 2;
const WAITING = 3;
const GRANT = '00000000-0000-4000-8000-000000000000';
const asOf = '2024-01-31T00:00:00.000Z';

let loop: Loop;
let digest: string;
let release: WorkflowHandle;
const started: WorkflowHandle[] = [];

beforeAll(async () => {
  loop = await startLoop();
  // Its policy refuses unverified signals, as is the default.
  const candidates = await candidateModel(loop.database, MODEL);
  await candidates.produce();
  await candidates.produce();
  await candidates.stage();
  ({ digest } = await writeEvidence(loop.database, {
    model: MODEL,
    version: WAITING,
    championVersion: CHAMPION,
    body: { model: MODEL, version: WAITING },
    expiresAt: new Date('2100-01-01Z'),
  }));
  release = await start('release', workflowIds.release(MODEL, WAITING), waiting());
});
afterEach(async () => {
  // Runs that go on would try to train and to measure on the one row of this model.
  for (const run of started.splice(0)) if (run !== release) await run.terminate().catch(() => undefined);
});
afterAll(async () => {
  await release.terminate().catch(() => undefined);
  await loop.stop();
});

/** The input of a release that waits. Its evidence claims a policy under which anybody could decide. */
const waiting = (): ReleaseInput => ({
  model: MODEL,
  version: WAITING,
  retrainId: `${MODEL}/${WAITING}`,
  expiresAfterMs: 600_000,
  remindEveryMs: 600_000,
  resumed: {
    evidence: {
      digest,
      championVersion: CHAMPION,
      summary: '',
      requestedBy: 'grace',
      asOf,
      policy: { approvals: 1, unverifiedSignals: 'accept' } as never,
    },
    deadline: Date.now() + 600_000,
    remindAt: Date.now() + 600_000,
    lines: [],
    refused: 0,
    seen: [],
    people: { approve: 9, reject: 0 },
    queue: [],
  },
});

async function start(
  kind: keyof typeof workflowTypes,
  workflowId: string,
  input: object,
  scheduled = false,
): Promise<WorkflowHandle> {
  const schedule = defineSearchAttributeKey('TemporalScheduledById', SearchAttributeType.KEYWORD);
  const run = await loop.client.workflow.start(workflowTypes[kind], {
    workflowId,
    taskQueue: loop.taskQueue,
    args: [input],
    typedSearchAttributes: [
      { key: searchAttributes.model, value: MODEL },
      ...(scheduled ? [{ key: schedule, value: workflowIds.monitor(MODEL) }] : []),
    ],
  });
  started.push(run);
  return run;
}

const message = (more: object = {}) => ({
  version: WAITING,
  evidenceDigest: digest,
  comment: 'because',
  decidedBy: 'grace',
  ...more,
});

/** Waits until the release has handled everything that was sent before. */
const handled = async (): Promise<void> => {
  const last = { ...message({ evidenceDigest: '0'.repeat(64) }), decision: 'approve' } as const;
  expect(await release.executeUpdate(decideUpdate, { args: [last] })).toMatchObject({ accepted: false });
};

const signalled = async (send: () => Promise<void>): Promise<void> => {
  await send();
  await handled();
};

const refused = async (decision: 'approve' | 'reject', more: object = {}): Promise<void> => {
  const sent = { ...message(more), decision };
  expect(await release.executeUpdate(decideUpdate, { args: [sent] })).toMatchObject({ accepted: false });
};

const fails = (run: WorkflowHandle, code: string): Promise<void> =>
  expect(run.result()).rejects.toMatchObject({ cause: { cause: { type: code } } });

const requesters = async (
  table: 'report' | 'retrain',
): Promise<{ requestedBy: string; claimedBy: string }[]> => {
  const { rows } = await loop.database.pool.query<{ requestedBy: string; claimedBy: string }>(
    `select requested_by as "requestedBy", claimed_by as "claimedBy" from tidegate.${table}
     where model = $1 and workflow_id <> 'test'`,
    [MODEL],
  );
  return rows;
};

const recorded = (table: 'report' | 'retrain', claimedBy: string | null): Promise<void> =>
  eventually(
    async () => expect(await requesters(table)).toContainEqual({ requestedBy: 'unverified', claimedBy }),
    {
      within: 60_000,
    },
  );

const rollBack = (more: Partial<RollbackInput> = {}): Promise<WorkflowHandle> =>
  start('rollback', workflowIds.rollback(MODEL), {
    model: MODEL,
    toVersion: EARLIER,
    requestedBy: 'grace',
    reason: 'complaints',
    ...more,
  });

const monitor = (
  input: MonitorInput,
  id = workflowIds.monitor(MODEL),
  scheduled = false,
): Promise<WorkflowHandle> => start('monitor', id, input, scheduled);

async function retrain(more: Partial<RetrainRequest> = {}): Promise<void> {
  const request: RetrainRequest = {
    retrainId: `${MODEL}/${randomUUID()}`,
    model: MODEL,
    reportId: null,
    asOf: null,
    trigger: 'by hand',
    requestedBy: 'grace',
    ...more,
  };
  const run = await start('retrain', workflowIds.retrain(MODEL), { model: MODEL });
  await run.signal(retrainRequestedSignal, request);
}

/** Every attempt; its name begins with the workflow type, signal or update that it uses. */
const attempts: readonly [name: string, attempt: () => Promise<unknown>][] = [
  ['approve', () => signalled(() => release.signal(approveSignal, message()))],
  [
    'approve with a made-up grant',
    () => signalled(() => release.signal(approveSignal, message({ grantId: GRANT }))),
  ],
  ['reject', () => signalled(() => release.signal(rejectSignal, message()))],
  [
    'reject with a made-up grant',
    () => signalled(() => release.signal(rejectSignal, message({ grantId: GRANT }))),
  ],
  ['superseded', () => signalled(() => release.signal(supersededSignal, { by: 99 }))],
  ['decide: approve', () => refused('approve')],
  ['decide: approve with a made-up grant', () => refused('approve', { grantId: GRANT })],
  ['decide: reject', () => refused('reject')],
  ['rollbackWorkflow', async () => fails(await rollBack(), 'GRANT_REQUIRED')],
  [
    'rollbackWorkflow with a made-up grant',
    async () => fails(await rollBack({ grantId: GRANT }), 'UNKNOWN_GRANT'),
  ],
  [
    'monitorWorkflow in the name of somebody',
    async () => {
      await monitor({ model: MODEL, asOf, requestedBy: 'grace' });
      await recorded('report', 'grace');
    },
  ],
  [
    'monitorWorkflow with a made-up grant',
    async () => fails(await monitor({ model: MODEL, asOf, grantId: GRANT }), 'UNKNOWN_GRANT'),
  ],
  [
    'monitorWorkflow that claims to be of the schedule',
    async () => {
      await monitor({ model: MODEL, asOf }, `${workflowIds.monitor(MODEL)}-2024-01-31T00:00:00Z`, true);
      await recorded('report', null);
    },
  ],
  [
    'retrainRequested in the name of somebody',
    async () => {
      await retrain();
      await recorded('retrain', 'grace');
    },
  ],
  [
    'retrainWorkflow with a request that claims an upload',
    async () => {
      await retrain({ requestedBy: 'hopper', trigger: 'import', isUploaded: true });
      await recorded('retrain', 'hopper');
    },
  ],
  [
    'releaseWorkflow with evidence that claims another policy',
    async () => {
      const run = await start('release', `release/${MODEL}/forged`, waiting());
      const sent = { ...message(), decision: 'approve' } as const;
      expect(await run.executeUpdate(decideUpdate, { args: [sent] })).toMatchObject({ accepted: false });
      expect(await run.query(releaseStateQuery)).toMatchObject({ phase: 'waiting' });
    },
  ],
  [
    'watchWorkflow',
    async () => (await start('watch', workflowIds.watch(MODEL, WAITING), about())).describe(),
  ],
  [
    'materializeWorkflow with a made-up grant',
    async () =>
      fails(
        await start('materialize', workflowIds.materialize(MODEL), { model: MODEL, asOf, grantId: GRANT }),
        'UNKNOWN_GRANT',
      ),
  ],
  ['treesWorkflow', async () => (await start('trees', `trees/${MODEL}`, { fitId: 999_999 })).describe()],
  [
    'noticeWorkflow',
    async () => {
      const notice = { ...about(), event: 'decided', message: 'approved by grace', at: asOf };
      await start('notice', workflowIds.notice(MODEL, 'forged'), { ...notice, workflowId: 'w', runId: 'r' });
    },
  ],
];

const about = () => ({ model: MODEL, version: WAITING });

describe('without a grant', () => {
  it.each(attempts)('%s moves nothing and makes nobody the requester', async (_, attempt) => {
    await attempt();
    expect((await findVersionIn(loop.database, MODEL, 'Production'))?.version).toBe(CHAMPION);
    expect((await findVersionIn(loop.database, MODEL, 'Staging'))?.version).toBe(WAITING);
    const { rows } = await loop.database.pool.query(
      `select 'decision' as found from tidegate.decision
         where model = $1 and version = $2 and (accepted or person_id is not null or authority <> 'unverified')
       union all select 'move' from tidegate.transition where model = $1 and actor in ('grace', 'hopper')
       union all select 'report' from tidegate.report where model = $1 and requested_by in ('grace', 'hopper')
       union all select 'retrain' from tidegate.retrain where model = $1 and requested_by in ('grace', 'hopper')`,
      [MODEL, WAITING],
    );
    expect(rows).toEqual([]);
  });

  it('every workflow, signal and update is among the attempts', () => {
    const names = attempts.map(([name]) => name);
    const messages = [approveSignal, rejectSignal, supersededSignal, retrainRequestedSignal, decideUpdate];
    for (const name of [...Object.values(workflowTypes), ...messages.map((each) => each.name)])
      expect(
        names.some((attempt) => attempt.startsWith(name)),
        name,
      ).toBe(true);
  });
});
