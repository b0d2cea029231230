// A worker as in production except for its activities, and functions to start the loops of its models.
import { randomUUID } from 'node:crypto';
import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import { Client, type WorkflowHandle, type WorkflowStartOptions } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { type Activities } from '../../activities/index.ts';
import { startWorkers } from '../../worker/options.ts';
import {
  type MaterializeInput,
  type MonitorInput,
  type ReleaseInput,
  type RetrainRequest,
  retrainRequestedSignal,
  type RollbackInput,
  searchAttributes,
  type TreesInput,
  type WatchInput,
  workflowIds,
  workflowTypes,
} from '../../workflows/protocol/messages.ts';
import {
  type materializeWorkflow,
  type monitorWorkflow,
  type releaseWorkflow,
  type retrainWorkflow,
  type rollbackWorkflow,
  type treesWorkflow,
  type watchWorkflow,
} from '../../workflows/index.ts';
import { CANDIDATE, fakeActivities, type FakeActivities } from './fake-activities.ts';
import { workflowBundle } from '../../worker/workflow-bundle.ts';

/** Where the loops run. */
export interface LoopsServer {
  readonly address: string;
  /** Names the worker and the client in histories. @default the SDK's: process id and host */
  readonly identity?: string;
  /** The task queue to poll. @default a unique one */
  readonly taskQueue?: string;
}

/** Starts the loops of one model; each function accepts overrides of the default input. */
export interface Loops {
  readonly client: Client;
  readonly model: string;
  readonly taskQueue: string;
  readonly monitor: (
    input?: Partial<MonitorInput>,
    options?: StartOptions,
  ) => Promise<WorkflowHandle<typeof monitorWorkflow>>;
  /** Sends requests to the retrain loop, the first of which starts it. */
  readonly retrain: (
    ...requests: Partial<RetrainRequest>[]
  ) => Promise<WorkflowHandle<typeof retrainWorkflow>>;
  readonly release: (input?: Partial<ReleaseInput>) => Promise<WorkflowHandle<typeof releaseWorkflow>>;
  readonly rollback: (input?: Partial<RollbackInput>) => Promise<WorkflowHandle<typeof rollbackWorkflow>>;
  readonly watch: (input?: Partial<WatchInput>) => Promise<WorkflowHandle<typeof watchWorkflow>>;
  readonly materialize: (
    input?: Partial<MaterializeInput>,
    options?: StartOptions,
  ) => Promise<WorkflowHandle<typeof materializeWorkflow>>;
  readonly trees: (input: TreesInput) => Promise<WorkflowHandle<typeof treesWorkflow>>;
}

type StartOptions = Pick<WorkflowStartOptions, 'typedSearchAttributes'>;

/** A worker that serves the models of one file or recording. */
export interface LoopsHost {
  readonly client: Client;
  /** Returns the loops of a model, served by these activities; the model gets a unique name unless one is given. */
  modelWith(fakes: FakeActivities, model?: string): Loops;
  stop(): Promise<void>;
}

/**
 * Starts a worker on a Temporal server that has Tidegate's search attributes.
 *
 * @example
 * const host = await hostLoops({ address });
 * const { monitor } = host.modelWith(fakeActivities());
 * await (await monitor()).result();
 */
export async function hostLoops({ address, identity, ...server }: LoopsServer): Promise<LoopsHost> {
  const named = identity === undefined ? {} : { identity };
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection, ...named });
  const taskQueue = server.taskQueue ?? `loops-${randomUUID()}`;
  const models = new Map<string, ReadonlyMap<string, AnyActivity>>();
  const workers = await startWorkers(
    {
      connection,
      namespace: 'default',
      taskQueue,
      activities: byModel(models),
      workflowBundle: await workflowBundle(),
    },
    identity,
  );
  return {
    client,
    modelWith: ({ activities }, model = `model-${randomUUID().slice(0, 8)}`) => {
      models.set(model, new Map(Object.entries<AnyActivity>(activities as never)));
      return loopsOf(client, taskQueue, model);
    },
    stop: async () => {
      workers.shutdown();
      await workers.stopped;
      await connection.close();
    },
  };
}

type AnyActivity = (input: unknown) => Promise<unknown>;

/** Activities that dispatch each call to those of the model in the id of the calling run. */
function byModel(models: ReadonlyMap<string, ReadonlyMap<string, AnyActivity>>): Activities {
  const handOn = (name: string): AnyActivity => {
    return async (input) => {
      const [, model = ''] = activityInfo().workflowExecution?.workflowId.split('/') ?? [];
      const activity = models.get(model)?.get(name);
      if (!activity) throw ApplicationFailure.nonRetryable(`nobody serves "${name}" for "${model}"`);
      return activity(input);
    };
  };
  const names = Object.keys(fakeActivities().activities);
  return Object.fromEntries(names.map((name) => [name, handOn(name)])) as unknown as Activities;
}

function loopsOf(client: Client, taskQueue: string, model: string): Loops {
  const modelAttribute = { key: searchAttributes.model, value: model };
  const typedSearchAttributes = [modelAttribute];
  return {
    client,
    model,
    taskQueue,
    monitor: (input, options) =>
      client.workflow.start<typeof monitorWorkflow>(workflowTypes.monitor, {
        workflowId: workflowIds.monitor(model),
        taskQueue,
        args: [{ model, ...input }],
        typedSearchAttributes,
        ...options,
      }),
    retrain: async (...requests) => {
      const sent = requests.map((request) => retrainRequest(model, request));
      for (const request of sent) {
        await client.workflow.signalWithStart<typeof retrainWorkflow, [RetrainRequest]>(
          workflowTypes.retrain,
          {
            workflowId: workflowIds.retrain(model),
            taskQueue,
            args: [{ model }],
            signal: retrainRequestedSignal,
            signalArgs: [request],
            typedSearchAttributes,
          },
        );
      }
      return client.workflow.getHandle<typeof retrainWorkflow>(workflowIds.retrain(model));
    },
    release: (input) => {
      const version = input?.version ?? CANDIDATE;
      return client.workflow.start<typeof releaseWorkflow>(workflowTypes.release, {
        workflowId: workflowIds.release(model, version),
        taskQueue,
        args: [
          {
            model,
            version,
            retrainId: `${model}/report-7`,
            expiresAfterMs: 600_000,
            remindEveryMs: 600_000,
            ...input,
          },
        ],
        typedSearchAttributes: [modelAttribute, { key: searchAttributes.version, value: version }],
      });
    },
    materialize: (input, options) =>
      client.workflow.start<typeof materializeWorkflow>(workflowTypes.materialize, {
        workflowId: workflowIds.materialize(model),
        taskQueue,
        args: [{ model, ...input }],
        typedSearchAttributes,
        ...options,
      }),
    rollback: (input) =>
      client.workflow.start<typeof rollbackWorkflow>(workflowTypes.rollback, {
        workflowId: workflowIds.rollback(model),
        taskQueue,
        args: [{ model, requestedBy: 'bob', reason: 'complaints', ...input }],
        typedSearchAttributes,
      }),
    watch: (input) => {
      const version = input?.version ?? CANDIDATE;
      return client.workflow.start<typeof watchWorkflow>(workflowTypes.watch, {
        workflowId: workflowIds.watch(model, version),
        taskQueue,
        args: [{ model, version, ...input }],
        typedSearchAttributes: [modelAttribute, { key: searchAttributes.version, value: version }],
      });
    },
    trees: (input) =>
      client.workflow.start<typeof treesWorkflow>(workflowTypes.trees, {
        workflowId: workflowIds.trees(input.fitId),
        taskQueue,
        args: [input],
        typedSearchAttributes,
      }),
  };
}

/** A request like that of a monitor run. */
export const retrainRequest = (model: string, changes: Partial<RetrainRequest> = {}): RetrainRequest => ({
  retrainId: `${model}/report-7`,
  model,
  reportId: 7,
  asOf: null,
  trigger: 'share',
  requestedBy: 'ada',
  ...changes,
});
