// Tests that a worker that is killed while it profiles a part of a large window loses only that part.
import { type ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { driftFrame } from '../../bench/drift-frames.ts';
import {
  type MonitorInput,
  type MonitorResult,
  workflowIds,
  workflowTypes,
} from '../../workflows/protocol/messages.ts';
import { getReport } from '../../store/registry/reports.ts';
import { eventually } from '../helpers/eventually.ts';
import { frozenModel } from '../helpers/frozen-model.ts';
import { kill, startWorker } from '../helpers/killed-worker.ts';
import { type Loop, startLoop } from '../helpers/loop.ts';

const MODEL = 'large';
const AS_OF = '2026-08-31T00:00:00Z';
const CHUNK_ROWS = 65_536;
const PARTS = 4;

let loop: Loop;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  loop = await startLoop({ worker: false });
  const { rows, features, ...rest } = driftFrame(5_000, 'reference');
  // Two columns give the same parts as fourteen, but faster.
  const few = features.filter(({ name }) => name === 'n0' || name === 'c0');
  await frozenModel(loop.database, MODEL, { rows, features: few, ...rest });
  await loop.database.pool.query(
    `insert into ${MODEL}.rows (user_id, at, label, n0, c0)
     select g::text, '2026-08-15Z'::timestamptz, g % 4 = 0, 50 + g % 20, case when g % 2 = 0 then 'no' else 'yes' end
     from generate_series(1, $1::int) g`,
    [(PARTS - 1) * CHUNK_ROWS + 1],
  );
  await loop.database.pool.query(`create index on ${MODEL}.rows (user_id, at); analyze ${MODEL}.rows`);
});
afterAll(async () => {
  await Promise.all(workers.map(kill));
  await loop.stop();
});

it('another worker repeats only the part that the killed worker lost, and the report is finished', async () => {
  const { database, client, taskQueue } = loop;
  const site = { database, temporalAddress: inject('temporalAddress') };
  const settings = { TIDEGATE_PART_ROWS: String(CHUNK_ROWS) };
  workers.push(startWorker(site, taskQueue, settings), startWorker(site, taskQueue, settings));

  // No part can be finished while the table is locked.
  const gate = await database.pool.connect();
  await gate.query('begin; lock table tidegate.profile_part in access exclusive mode');
  const input: MonitorInput = { model: MODEL, asOf: AS_OF };
  const run = await client.workflow.start(workflowTypes.monitor, {
    workflowId: workflowIds.monitor(MODEL),
    taskQueue,
    args: [input],
  });
  const partOn = async (worker: ChildProcess): Promise<string> => {
    const { raw } = await run.describe();
    const held = (raw.pendingActivities ?? []).find(
      ({ activityType, lastWorkerIdentity }) =>
        activityType?.name === 'profilePart' && lastWorkerIdentity?.startsWith(`${worker.pid}@`),
    );
    if (!held?.activityId) throw new Error('the worker has no part yet');
    return held.activityId;
  };
  const lost = await eventually(
    async () => {
      const parts = await Promise.all(workers.map(partOn));
      return parts[0]!;
    },
    { within: 120_000, every: 200 },
  );
  await kill(workers[0]!);
  await gate.query('commit');
  gate.release();

  const { reportId } = (await run.result()) as MonitorResult;
  const { events } = await run.fetchHistory();
  const scheduled = new Map(
    (events ?? []).flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'profilePart'
        ? [[String(eventId), scheduled.activityId ?? ''] as const]
        : [],
    ),
  );
  expect(scheduled.size).toBe(PARTS);
  const attempts = (events ?? []).flatMap(({ activityTaskStartedEventAttributes: started }) => {
    const activityId = scheduled.get(String(started?.scheduledEventId));
    return activityId === undefined ? [] : [{ activityId, attempt: started?.attempt }];
  });
  expect(attempts.filter(({ attempt }) => attempt !== 1)).toEqual([{ activityId: lost, attempt: 2 }]);
  const { drift } = await getReport(database, reportId);
  expect(drift).toMatchObject({ measured: true, verdict: { windowRows: (PARTS - 1) * CHUNK_ROWS + 1 } });
});
