// Runs a retrain and release, kills the worker without warning in the middle, and starts another one.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { parseDefinition } from '../../domain/model/define-model.ts';
import churn from '../../models/churn.ts';
import { type Database } from '../../store/postgres/database.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { listRetrains } from '../../store/registry/retrains.ts';
import { listTransitions } from '../../store/registry/verify-chain.ts';
import { listVersions } from '../../store/registry/versions.ts';
import {
  approveSignal,
  type MonitorInput,
  type ReleaseResult,
  workflowIds,
  workflowTypes,
} from '../../workflows/protocol/messages.ts';
import { grantedApproval } from './candidates.ts';
import { eventually } from './eventually.ts';

/** Activities during which a worker is killed, spread over the retrain and the release. */
export const KILL_MOMENTS = [
  'freezeTrainingWindow',
  'trainCandidate',
  'compareWithChampion',
  'decidePromotion',
  'materializeOnline',
  'stageCandidate',
  'startRelease',
  'validateCandidate',
  'verifyDecision',
  'promote',
] as const;

export type KillMoment = (typeof KILL_MOMENTS)[number];

const IN_RELEASE: readonly KillMoment[] = ['validateCandidate', 'verifyDecision', 'promote'];

/** Servers whose database has the example's tables with at least the month that ends at `asOf`. */
export interface Site {
  readonly database: Database;
  readonly client: Client;
  readonly temporalAddress: string;
  readonly asOf: string;
}

/** What was left after the kill. */
export interface Survival {
  readonly versions: number;
  readonly promotions: number;
  readonly retrains: readonly (string | null)[];
  readonly outcome: ReleaseResult['outcome'];
  /** From the kill to the end of the release, in seconds. */
  readonly seconds: number;
}

/** Runs the loop for a separate model and kills the worker as soon as the activity is scheduled. */
export async function surviveKill(site: Site, moment: KillMoment): Promise<Survival> {
  const { database, client } = site;
  const model = `killed-during-${moment.toLowerCase()}`;
  const taskQueue = model;
  await applyDefinition(database, parseDefinition({ ...churn, name: model }), 'ada');
  let worker = startWorker(site, taskQueue);
  try {
    const input: MonitorInput = { model, asOf: site.asOf };
    await client.workflow.start(workflowTypes.monitor, {
      workflowId: workflowIds.monitor(model),
      taskQueue,
      args: [input],
    });
    const approved = approve(site, model);
    const release = workflowIds.release(model, 1);
    await untilScheduled(client, IN_RELEASE.includes(moment) ? release : workflowIds.retrain(model), moment);
    const killedAt = Date.now();
    await kill(worker);
    worker = startWorker(site, taskQueue);
    await approved;
    const { outcome } = (await client.workflow.getHandle(release).result()) as ReleaseResult;
    // If the kill comes after the release started but before that was recorded, the retrain closes after the release.
    await client.workflow.getHandle(workflowIds.retrain(model)).result();
    const seconds = (Date.now() - killedAt) / 1000;
    const promotions = (await listTransitions(database, model)).filter(
      ({ to }) => to === 'Production',
    ).length;
    const retrains = (await listRetrains(database, model)).map((retrain) => retrain.outcome);
    return { versions: (await listVersions(database, model)).length, promotions, retrains, outcome, seconds };
  } finally {
    await kill(worker);
  }
}

const TIDEGATE = fileURLToPath(new URL('../../bin/tidegate.mjs', import.meta.url));

/** Starts a separate worker process. @param settings additional environment variables of the process */
export function startWorker(
  { database, temporalAddress }: Pick<Site, 'database' | 'temporalAddress'>,
  taskQueue: string,
  settings: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(process.execPath, [TIDEGATE, 'worker'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporalAddress,
      TIDEGATE_TASK_QUEUE: taskQueue,
      ...settings,
    },
  });
}

/** Kills a process without warning, unless it has ended. */
export async function kill(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const gone = once(worker, 'exit');
  worker.kill('SIGKILL');
  await gone;
}

/** Approves version 1 as soon as its evidence exists; needs no worker. */
const approve = ({ database, client }: Site, model: string): Promise<void> =>
  eventually(
    async () => {
      const evidence = await findEvidence(database, model, 1);
      if (!evidence) throw new Error('no evidence yet');
      const approval = await grantedApproval(database, 'grace', evidence);
      await client.workflow.getHandle(workflowIds.release(model, 1)).signal(approveSignal, approval);
    },
    { within: 400_000, every: 200 },
  );

/** Waits until a run has scheduled an activity. */
const untilScheduled = (client: Client, workflowId: string, activity: string): Promise<void> =>
  eventually(
    async () => {
      const { events = [] } = await historyOf(client, workflowId);
      const names = events?.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
      if (!names?.includes(activity)) throw new Error(`${activity} is not scheduled yet`);
    },
    { within: 400_000, every: 10 },
  );

async function historyOf(client: Client, workflowId: string) {
  try {
    return await client.workflow.getHandle(workflowId).fetchHistory();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { events: [] };
    throw error;
  }
}
