// The page on which people try a prediction. It answers as the route `explain` does, and logs nothing either.
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  type TryAnswer,
  type TryEntered,
  type TryField,
  tryPage,
  type TryView,
} from '../../console/pages/try-page.ts';
import { TidegateError } from '../../domain/errors.ts';
import { may } from '../../domain/identity/caller.ts';
import { featuresOf, sourceColumnsOf } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type ColumnSpec } from '../../domain/model/parts/column.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { listVersionFigures } from '../../store/model-record.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { featuresUsed, predict } from '../prediction/predict.ts';
import { modelParams } from '../schemas/common.ts';
import { type ServingModel } from '../serving/serving-model.ts';
import { sendPage } from './reply.ts';

/** Versions that are offered for the second answer. */
const OTHERS = 20;

/** Names of fields begin with `key ` or `value `, so that a column may have the name of another field. */
const tried = z.record(z.string().max(300), z.string().max(1_000));

/** `GET` and `POST /ui/models/:model/try`. */
export function tryPages(app: App, deps: ApiDeps): void {
  const path = '/ui/models/:model/try';
  app.get(path, { schema: { hide: true, params: modelParams } }, (request, reply) =>
    show(deps, request, reply, request.params.model, {}),
  );
  app.post(path, { schema: { hide: true, params: modelParams, body: tried } }, (request, reply) =>
    show(deps, request, reply, request.params.model, request.body),
  );
}

async function show(
  deps: ApiDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  model: string,
  sent: Readonly<Record<string, string>>,
): Promise<FastifyReply> {
  const { definition } = await getDefinition(deps.database, model);
  const mayTryAll = may(request.caller, 'trainer', model) || may(request.caller, 'approver', model);
  const versions = await listVersionFigures(deps.database, model, OTHERS);
  const entered = enteredOf(sent);
  const form = {
    model,
    keys: definition.entity.keys,
    fields: fieldsOf(definition),
    others: versions
      .filter(({ stage }) => stage !== 'Production' && (mayTryAll || stage === 'Archived'))
      .map(({ version }) => version),
    entered,
  };
  const nothing = { answers: [], used: {}, asOf: null, missing: [], problem: null };
  const isSent = Object.keys(sent).some((name) => name !== 'csrf');
  if (!isSent) return sendPage(deps, request, reply, (frame) => tryPage({ ...form, ...nothing }, frame));
  try {
    const answer = await answerTo(deps, model, entered, mayTryAll);
    return await sendPage(deps, request, reply, (frame) =>
      tryPage({ ...form, ...answer, problem: null }, frame),
    );
  } catch (error) {
    if (!(error instanceof TidegateError) || error.status >= 500) throw error;
    const { message, remedy, status } = error;
    const view = { ...form, ...nothing, problem: { message, remedy } };
    return sendPage(deps, request, reply, (frame) => tryPage(view, frame), status);
  }
}

/** Fields that were left empty are not sent. */
function enteredOf(sent: Readonly<Record<string, string>>): TryEntered {
  const those = (begin: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(sent).flatMap(([name, value]) =>
        name.startsWith(begin) && value.trim() !== '' ? [[name.slice(begin.length), value.trim()]] : [],
      ),
    );
  return { keys: those('key '), features: those('value '), versus: sent['versus'] ?? '' };
}

const fieldsOf = (definition: ModelDefinition): TryField[] =>
  sourceColumnsOf(definition).map(({ name, spec }) => ({
    name,
    type: spec.type,
    ...(spec.type === 'category' && spec.values && { values: spec.values }),
  }));

/** A text as the request would have it; a text that is no number stays, so that the error names it. */
function valueOf(text: string, { type }: Pick<ColumnSpec, 'type'>): string | number | boolean {
  if (type === 'flag' && (text === 'true' || text === 'false')) return text === 'true';
  if (type !== 'numeric' && type !== 'count') return text;
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

type Answer = Pick<TryView, 'answers' | 'used' | 'asOf' | 'missing'>;

async function answerTo(
  { serving }: ApiDeps,
  model: string,
  { keys, features, versus }: TryEntered,
  mayTryAll: boolean,
): Promise<Answer> {
  const champion = await serving.modelFor(model);
  const other = versus === '' ? undefined : await otherVersion(serving, model, versus, mayTryAll);
  const specs = new Map(sourceColumnsOf(champion.definition).map(({ name, spec }) => [name, spec]));
  const body = {
    ...(Object.keys(keys).length > 0 && { key: keys }),
    ...(Object.keys(features).length > 0 && {
      features: Object.fromEntries(
        Object.entries(features).map(([name, text]) => [
          name,
          valueOf(text, specs.get(name) ?? { type: 'category' }),
        ]),
      ),
    }),
  };
  if (!('key' in body) && !('features' in body))
    throw new TidegateError('INVALID_REQUEST', 'nothing was filled in', {
      remedy: 'Give the key of an entity, or at least one value.',
    });
  const answered = await Promise.all(
    [champion, ...(other ? [other] : [])].map(async (version) => {
      const [one] = await predict(version, body, { lookUp: serving.lookUp, now: serving.clock() });
      return { version, ...one! };
    }),
  );
  const [first] = answered;
  const { subject, prediction } = first!;
  return {
    answers: answered.map(({ version, subject: { record }, prediction: { score, positive } }) =>
      answerOf(version, version === champion, { score, positive }, record),
    ),
    used: Object.fromEntries(
      Object.entries(featuresUsed(featuresOf(champion.definition), subject.record)).flatMap(
        ([name, value]) => (value === null ? [] : [[name, String(value)]]),
      ),
    ),
    asOf: subject.asOf ?? null,
    missing: prediction.missing ?? [],
  };
}

function answerOf(
  model: ServingModel,
  inProduction: boolean,
  { score, positive }: { readonly score: number; readonly positive: boolean },
  record: Parameters<NonNullable<ServingModel['explain']>>[0],
): TryAnswer {
  const explained = model.explain?.(record);
  return {
    version: model.version,
    inProduction,
    score,
    positive,
    threshold: model.threshold,
    contributions: explained?.contributions ?? null,
    base: explained?.base ?? null,
  };
}

/** Versions that nobody has approved yet answer only those who may decide on them. */
async function otherVersion(
  { named }: ApiDeps['serving'],
  model: string,
  text: string,
  mayTryAll: boolean,
): Promise<ServingModel> {
  const version = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  const found = await named.get(model, version);
  if (!found.wasInProduction && !mayTryAll)
    throw new TidegateError('FORBIDDEN', `version ${version} of ${model} was never in Production`, {
      remedy: 'Only a trainer or an approver may try it.',
    });
  return found.model;
}
