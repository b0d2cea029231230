// Looks up online features by key, with requests and answers in the format of Feast's feature server.
import { type FastifyRequest } from 'fastify';
import { type Caller, may } from '../../domain/identity/caller.ts';
import { keepsOnline } from '../../domain/model/definition.ts';
import { listModels } from '../../store/definitions/definitions.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { requireRole } from '../plugins/authenticate.ts';
import { answerFeatures } from '../online-features/answer-features.ts';
import { allFeatures, chooseFeatures } from '../online-features/choose-features.ts';
import { onlineModel, type OnlineModel } from '../online-features/online-model.ts';
import { refuseWithoutOnline } from '../prediction/predict.ts';
import { errorResponses, type KeyValue } from '../schemas/common.ts';
import {
  onlineFeaturesAnswer,
  onlineFeaturesBody,
  type OnlineFeaturesBody,
} from '../schemas/online-features.ts';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';

/** `POST /features/online`, also at the path that Feast's clients use. */
export function onlineFeaturesRoutes(app: App, { database, serving }: ApiDeps): void {
  const answer = async (request: FastifyRequest<{ Body: OnlineFeaturesBody }>) => {
    const {
      entities: lists,
      features: references,
      feature_service: service,
      full_feature_names: full,
    } = request.body;
    if (service !== undefined) requireRole(request, 'predictor', service);
    const given = Object.keys(lists);
    const models =
      service === undefined
        ? await modelsOf(given, request.caller)
        : [await onlineModel(serving, database, service)];
    // `modelsOf` prefers models that keep online rows, so if the first model keeps none, no other model here does.
    const [first] = models;
    if (first) refuseWithoutOnline(first);
    const features =
      references === undefined
        ? models.flatMap((model) => allFeatures(model, full))
        : chooseFeatures(models, references, full);
    const columns = models[0]?.definition.entity.keys ?? given;
    const entities = requestEntities(columns, lists);
    return answerFeatures({ features, columns, entities }, { lookUp: serving.lookUp, now: serving.clock() });
  };

  /**
   * The models, by name, that the caller may ask for and whose entity has exactly these key columns; if some of them keep
   * online rows, only those.
   */
  const modelsOf = async (columns: readonly string[], caller: Caller): Promise<OnlineModel[]> => {
    const wanted = JSON.stringify([...columns].sort());
    const models: OnlineModel[] = [];
    for (const name of await listModels(database)) {
      if (!may(caller, 'predictor', name)) continue;
      const model = await onlineModel(serving, database, name);
      if (JSON.stringify([...model.definition.entity.keys].sort()) === wanted) models.push(model);
    }
    const keeping = models.filter(({ definition }) => keepsOnline(definition));
    return keeping.length > 0 ? keeping : models;
  };

  for (const path of ['/features/online', '/get-online-features']) {
    app.post(
      path,
      {
        schema: {
          tags: ['features'],
          summary: 'Online features of entities, with one result for each feature',
          description:
            'Uses the format of Feast’s feature server, and is also available at its path `/get-online-features`. `NOT_FOUND`: the ' +
            'entity has no online row, or the view has no row within its ttl. `OUTSIDE_MAX_AGE`: the value is older than `maxAge`; ' +
            'it is null unless the definition serves such values with a warning.',
          body: onlineFeaturesBody,
          response: { 200: onlineFeaturesAnswer, ...errorResponses },
        },
      },
      answer,
    );
  }
}

/** Values of each key column by name; all lists must have the same length. */
type EntityLists = Readonly<Record<string, readonly KeyValue[]>>;

/**
 * Converts the lists of a request to one list of key values for each entity, in the order of the key columns.
 *
 * @throws TidegateError INVALID_REQUEST if a key column is missing, a column is not a key, or the lists differ in length
 */
function requestEntities(columns: readonly string[], lists: EntityLists): KeyValue[][] {
  const given = Object.keys(lists);
  const places = [
    ...columns
      .filter((column) => !Object.hasOwn(lists, column))
      .map((column) => ({ at: `entities.${column}`, problem: 'is missing' })),
    ...given
      .filter((column) => !columns.includes(column))
      .map((column) => ({ at: `entities.${excerpt(column)}`, problem: 'is not a key column of the entity' })),
  ];
  const length = lists[columns[0] ?? '']?.length ?? 0;
  for (const column of given) {
    const own = lists[column]?.length ?? 0;
    if (places.length === 0 && own !== length)
      places.push({
        at: `entities.${excerpt(column)}`,
        problem: `has ${own} values, but ${columns[0]} has ${length}`,
      });
  }
  const [first] = places;
  if (first) {
    const message = `${first.at} ${first.problem}; the key columns of the entity are ${columns.join(', ')}`;
    throw new TidegateError('INVALID_REQUEST', message, { places });
  }
  return Array.from({ length }, (_, row) => columns.map((column) => lists[column]?.[row] ?? ''));
}
