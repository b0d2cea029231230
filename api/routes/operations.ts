// Starts what people ask for: applying a definition, runs of the loops, and retiring a model.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { digestOf } from '../../domain/canonical-json.ts';
import { TidegateError } from '../../domain/errors.ts';
import { parseDefinition } from '../../domain/model/define-model.ts';
import { refuseFuture } from '../../domain/model/future-instant.ts';
import { applyModel } from '../../operations/apply-model.ts';
import { explainError } from '../../operations/explain-error.ts';
import { retire } from '../../operations/retire.ts';
import { type OperationServices } from '../../operations/services.ts';
import {
  checkMaterializable,
  monitoredInstant,
  startMaterialize,
  startMonitor,
  startRetrain,
} from '../../operations/start-runs.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { closeGrant } from '../../store/registry/grants.ts';
import { type MaterializeInput } from '../../workflows/protocol/messages.ts';
import { grantTo, startGranted, withGrant } from '../context/granted.ts';
import { requesterOf } from '../context/requester.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { requireRole } from '../plugins/authenticate.ts';
import { errorResponses, modelParams } from '../schemas/common.ts';
import {
  applyBody,
  materializeBody,
  monitorBody,
  retireBody,
  retrainBody,
  startedRun,
} from '../schemas/operations.ts';

/** The routes that start something. They answer as soon as it has started; `GET /models/:model/follow` waits for it. */
export function operationRoutes(app: App, deps: ApiDeps): void {
  applyRoute(app, deps);
  monitorRoute(app, deps);
  retrainRoute(app, deps);
  materializeRoute(app, deps);
  retireRoute(app, deps);
}

const tags = ['operations'];

const dateOf = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text);

/** Runs an operation. @throws TidegateError with the code that its failure contains; TEMPORAL_UNREACHABLE without Temporal */
export async function operate<T>(
  { operations }: Pick<ApiDeps, 'operations'>,
  work: (services: OperationServices) => Promise<T>,
): Promise<T> {
  if (!operations)
    throw new TidegateError('TEMPORAL_UNREACHABLE', 'this API was started without a connection to Temporal');
  try {
    return await work(operations);
  } catch (error) {
    const explained = explainError(error);
    // An unknown failure keeps its cause for the log, and the answer says nothing about it.
    throw explained.code === 'INTERNAL' ? error : explained;
  }
}

/** `POST /models`. */
function applyRoute(app: App, deps: ApiDeps): void {
  app.post(
    '/models',
    {
      schema: {
        tags,
        summary: 'Store a definition as the next version of its model, and schedule its runs',
        body: applyBody,
        response: { 200: z.looseObject({ model: z.string(), version: z.int() }), ...errorResponses },
      },
    },
    async (request) => {
      const definition = parseDefinition(request.body.definition);
      requireRole(request, 'trainer', definition.name);
      const scope = {
        action: 'apply',
        model: definition.name,
        version: null,
        evidenceDigest: digestOf(definition),
      } as const;
      const { requestedBy } = request.body;
      const { database } = deps;
      const applied = await startGranted(
        database,
        request,
        scope,
        requestedBy,
        async ({ actor, grantId }) => {
          const stored = await operate(deps, (services) => applyModel(services, definition, actor, grantId));
          // A definition that is the same as the newest uses no grant.
          if (grantId !== null) await closeGrant(database, grantId, 'the definition is unchanged');
          return stored;
        },
      );
      return { ...applied };
    },
  );
}

/** `POST /models/:model/monitor`. */
function monitorRoute(app: App, deps: ApiDeps): void {
  app.post(
    '/models/:model/monitor',
    {
      schema: {
        tags,
        summary: 'Measure a window now, and retrain if the rules say so',
        params: modelParams,
        body: monitorBody,
        response: { 202: startedRun, ...errorResponses },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const { future, requestedBy } = request.body;
      requesterOf(request, requestedBy);
      const asOf = await operate(deps, ({ database }) =>
        monitoredInstant(database, model, dateOf(request.body.asOf), future),
      );
      const { workflowId } = await startGranted(
        deps.database,
        request,
        grantTo('monitor', model),
        requestedBy,
        ({ actor, grantId }) =>
          operate(deps, (services) => startMonitor(services, { model, asOf, requestedBy: actor, grantId })),
      );
      return reply.status(202).send({ model, workflowId, asOf: asOf.toISOString() });
    },
  );
}

/** `POST /models/:model/retrain`. */
function retrainRoute(app: App, deps: ApiDeps): void {
  app.post(
    '/models/:model/retrain',
    {
      schema: {
        tags,
        summary: 'Train a candidate now and compare it with the champion',
        params: modelParams,
        body: retrainBody,
        response: { 202: startedRun, ...errorResponses },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const asOf = dateOf(request.body.asOf);
      const { future, requestedBy } = request.body;
      requesterOf(request, requestedBy);
      refuseFuture({ asOf }, future);
      await getDefinition(deps.database, model);
      // Two requests within the same millisecond are two retrains.
      const retrainId = `${model}/manual-${new Date().toISOString()}-${randomUUID().slice(0, 8)}`;
      const workflowId = await startGranted(
        deps.database,
        request,
        grantTo('retrain', model),
        requestedBy,
        ({ actor, grantId }) =>
          operate(deps, (services) =>
            startRetrain(services, {
              retrainId,
              model,
              reportId: null,
              asOf: asOf?.toISOString() ?? null,
              trigger: 'by hand',
              requestedBy: actor,
              ...(grantId !== null && { grantId }),
            }),
          ),
      );
      return reply.status(202).send({ model, workflowId, retrainId });
    },
  );
}

/** `POST /models/:model/materialize`. */
function materializeRoute(app: App, deps: ApiDeps): void {
  app.post(
    '/models/:model/materialize',
    {
      schema: {
        tags,
        summary: 'Bring the online rows of a model up to date',
        params: modelParams,
        body: materializeBody,
        response: { 202: startedRun, ...errorResponses },
      },
    },
    async (request, reply) => {
      const { model } = request.params;
      const { future, full, reset, definitionVersion } = request.body;
      const [asOf, from, to] = [request.body.asOf, request.body.from, request.body.to].map(dateOf);
      refuseFuture({ asOf, to }, future);
      const at = asOf ?? new Date();
      const { requestedBy } = request.body;
      requesterOf(request, requestedBy);
      const what = {
        model,
        ...(from && to
          ? { range: { from: from.toISOString(), to: to.toISOString() } }
          : { asOf: at.toISOString(), ...(full && { full }), ...(reset && { reset }) }),
        ...(definitionVersion !== undefined && { definitionVersion }),
      } satisfies MaterializeInput;
      await operate(deps, ({ database }) => checkMaterializable(database, model, definitionVersion));
      const { workflowId } = await startGranted(
        deps.database,
        request,
        grantTo('materialize', model),
        requestedBy,
        ({ actor, grantId }) =>
          operate(deps, (services) =>
            startMaterialize(services, {
              ...what,
              requestedBy: actor,
              ...(grantId !== null && { grantId }),
            }),
          ),
      );
      return reply.status(202).send({ model, workflowId, asOf: (to ?? at).toISOString() });
    },
  );
}

/** `POST /models/:model/retire`. */
function retireRoute(app: App, deps: ApiDeps): void {
  app.post(
    '/models/:model/retire',
    {
      schema: {
        tags,
        summary: 'End all automatic activity of a model',
        params: modelParams,
        body: retireBody,
        response: {
          200: z.object({
            model: z.string(),
            ended: z.array(z.string()).readonly(),
            stillOpen: z.array(z.string()).readonly(),
            withdrawn: z.int().nullable(),
            onlineRowsOf: z.array(z.int()).readonly(),
            production: z.int().nullable(),
          }),
          ...errorResponses,
        },
      },
    },
    async (request) => {
      const { model } = request.params;
      await getDefinition(deps.database, model);
      const said = { reason: '', requestedBy: request.body.requestedBy };
      const by = await withGrant(
        deps.database,
        request,
        grantTo('retire', model),
        said,
        (_transaction, author) => Promise.resolve(author),
      );
      const retired = await operate(deps, (services) => retire(services, model, by, () => undefined));
      return { model, ...retired };
    },
  );
}
