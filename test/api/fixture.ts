// Fixture: a model with versions in its own database, and the API on top of it.
import { type InjectOptions } from 'fastify';
import pino from 'pino';
import { category, count, flag, numeric } from '../../domain/model/parts/column.ts';
import { defineModel, parseDefinition, view } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Place } from '../../domain/errors.ts';
import { digestOf } from '../../domain/canonical-json.ts';
import { type DecisionMessage, type DecisionResult } from '../../domain/decisions/approval.ts';
import { type Artifact, type StoredArtifact } from '../../domain/learning/artifact/artifact.ts';
import { buildApp } from '../../api/app.ts';
import { type App } from '../../api/context/types.ts';
import { type DecisionGate } from '../../api/context/decision-gate.ts';
import { type ErrorBody } from '../../api/schemas/common.ts';
import { type OnlineFeaturesAnswer } from '../../api/schemas/online-features.ts';
import { type Prediction } from '../../api/schemas/prediction.ts';
import { Identities } from '../../api/identity/identities.ts';
import { Serving } from '../../api/serving/serving.ts';
import { type Role } from '../../domain/identity/roles.ts';
import { createKey, type NewKey } from '../../store/identity/keys.ts';
import { createPerson, findPerson, grantRole } from '../../store/identity/people.ts';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { type Authority, moveToStaging, promote } from '../../store/registry/stage-moves.ts';
import { registerVersion } from '../../store/registry/versions.ts';
import { approved } from '../helpers/candidates.ts';
import { createMigratedTestDatabase, type TestDatabase } from '../helpers/database.ts';

export const definition = parseDefinition(
  defineModel({
    name: 'churn',
    entity: { name: 'user', keys: ['user_id'] },
    rows: { table: 'users', timestamp: 'as_of' },
    features: [
      view({
        table: 'usage',
        timestamp: 'as_of',
        columns: {
          hours: numeric({ min: 0 }),
          tickets: count(),
          plan: category(['basic', 'plus']),
          paid: flag(),
        },
      }),
    ],
    label: { table: 'labels', column: 'churned', timestamp: 'as_of' },
    monitor: { every: '1 month', window: '1 month' },
    training: { trainer: 'logistic-regression', window: '1 month' },
    promotion: {},
  }),
);

/** An artifact with a known score: sigmoid(intercept + hours / 10, plus 1 if the plan is "plus"). */
export const artifact = (intercept: number): Artifact => ({
  format: 1,
  trainer: 'logistic-regression',
  seed: 1,
  encoding: {
    columns: [
      { kind: 'numeric', name: 'hours', scale: { mean: 0, sd: 10 }, missing: false },
      { kind: 'category', name: 'plan', levels: ['basic', 'plus'], other: false, missing: false },
    ],
    dropped: ['tickets', 'paid'],
  },
  coefficients: [intercept, 1, 0, 1],
  prior: 0.5,
  l2: 1,
  trainedRows: 100,
  positives: 50,
  steps: 1,
  effects: [],
  gradientNorm: 0,
});

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const by: Authority = {
  actor: 'ada',
  authority: 'unverified',
  evidenceDigest: null,
  workflowId: 'test',
  runId: 'test',
};

/** A model in its own database, whose versions are registered and moved as the workflows do it. */
export class ModelFixture {
  readonly database: Database;
  readonly #home: TestDatabase;

  private constructor(home: TestDatabase) {
    this.#home = home;
    this.database = openDatabase(home.url);
  }

  /** Creates a database with the model `churn`, its definition and a dataset, but no version. */
  static async create(): Promise<ModelFixture> {
    const fixture = new ModelFixture(await createMigratedTestDatabase());
    const { database } = fixture;
    await database.kysely
      .insertInto('tidegate.model')
      .values({
        name: 'churn',
        entityKeys: JSON.stringify(definition.entity.keys),
        label: JSON.stringify(definition.label),
        holdout: JSON.stringify(definition.holdout),
      })
      .execute();
    await fixture.addDefinition(1);
    await database.kysely
      .insertInto('tidegate.dataset')
      .values({
        request: 'test',
        model: 'churn',
        definitionVersion: 1,
        windowFrom: '2024-01-01',
        windowTo: '2024-02-01',
        asKnownAt: '2024-02-01',
        rowCount: 100,
        labelledRows: 100,
        trainingRows: 80,
        holdoutRows: 20,
        columns: '[]',
        digest: 'x',
      })
      .execute();
    return fixture;
  }

  async addDefinition(version: number, body: ModelDefinition = definition): Promise<void> {
    await this.database.kysely
      .insertInto('tidegate.definition')
      .values({
        model: 'churn',
        version,
        body: JSON.stringify(body),
        digest: digestOf(body),
        appliedBy: 'linus',
      })
      .execute();
  }

  /** Registers a version in stage None. @returns its number */
  async register(
    intercept: number,
    definitionVersion = 1,
    learnt: StoredArtifact = artifact(intercept),
  ): Promise<number> {
    const retrainId = `retrain-${intercept}-${definitionVersion}`;
    await this.database.kysely
      .insertInto('tidegate.retrain')
      .values({
        id: retrainId,
        model: 'churn',
        trigger: 'test',
        requestedBy: 'bo',
        workflowId: 'test',
        runId: 'test',
      })
      .execute();
    const { version } = await registerVersion(this.database, {
      model: 'churn',
      definitionVersion,
      retrainId,
      datasetId: 1,
      trainer: 'logistic-regression',
      artifact: learnt,
      reference: {},
    });
    return version;
  }

  async stage(version: number): Promise<void> {
    await moveToStaging(this.database, 'churn', version, by, { whilePending: 'supersede', detail: '' });
  }

  /** Moves a version from None through Staging to Production. */
  async promote(version: number, champion: number | null): Promise<void> {
    await this.stage(version);
    await promote(
      this.database,
      'churn',
      version,
      champion,
      await approved(this.database, 'churn', version, champion),
      '',
    );
  }

  /** Registers a version and promotes it. */
  async release(intercept: number, champion: number | null = null): Promise<number> {
    const version = await this.register(intercept);
    await this.promote(version, champion);
    return version;
  }

  /** Changes a stored artifact without the database noticing, as a damaged disk would. */
  async corrupt(version: number): Promise<void> {
    await this.database.pool.query(`
      begin;
      alter table tidegate.version disable trigger version_guarded;
      update tidegate.version set artifact = jsonb_set(artifact, '{coefficients,0}', '99') where version = ${version};
      alter table tidegate.version enable trigger version_guarded;
      commit`);
  }

  async addOnlineRow(
    user: string,
    features: object,
    definitionVersion = 1,
    viewTimes: readonly (string | null)[] = [],
  ): Promise<void> {
    await this.database.kysely
      .insertInto('tidegate.online_row')
      .values({
        model: 'churn',
        definitionVersion,
        entityKey: JSON.stringify([user]),
        asOf: '2024-02-01T00:00:00Z',
        rowTime: '2024-01-31T00:00:00Z',
        features: JSON.stringify(features),
        viewTimes: JSON.stringify(viewTimes.map((time) => (time === null ? null : 1_000 * Date.parse(time)))),
      })
      .execute();
  }

  async drop(): Promise<void> {
    await this.database.close();
    await this.#home.drop();
  }
}

export const silent = pino({ level: 'silent' });

/** A decision gate that returns a preset answer and records the decisions that it was sent. */
export class FakeGate implements DecisionGate {
  readonly sent: DecisionMessage[] = [];
  answer: () => DecisionResult | undefined = () => undefined;

  async decide(
    _model: string,
    _version: number,
    message: DecisionMessage,
  ): Promise<DecisionResult | undefined> {
    this.sent.push(message);
    return this.answer();
  }

  /** Versions whose release was to end, as `model/version`. */
  readonly ended: string[] = [];
  endFails = false;

  async end(model: string, version: number): Promise<void> {
    if (this.endFails) throw new Error('Temporal does not answer');
    this.ended.push(`${model}/${version}`);
  }
}

/** The API on a fixture, in this process and without a port. */
export interface TestApi {
  readonly app: App;
  readonly serving: Serving;
  readonly gate: FakeGate;
  /** Key of an admin, which `send` sends unless it is given another. */
  readonly key: string;
  /** Sends a request; `body` of the answer is parsed JSON, if there is a body. */
  send(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    payload?: InjectOptions['payload'],
    key?: string,
  ): Promise<Answer>;
  close(): Promise<void>;
}

/** Fields of all possible answers; each test reads those of its route. */
export interface AnswerBody {
  readonly error: ErrorBody['error'] & { readonly places: readonly Place[] };
  readonly version: number;
  readonly predictions: readonly Prediction[];
  readonly production: number | null;
  readonly instances: readonly { instance: string; version: number; state: string }[];
  readonly features: readonly unknown[];
  readonly inputs: readonly unknown[];
  readonly models: readonly unknown[];
  readonly versions: readonly unknown[];
  readonly reports: readonly { id: number }[];
  readonly metadata: { readonly feature_names: readonly string[] };
  readonly results: OnlineFeaturesAnswer['results'];
  readonly problems: readonly string[];
  readonly send: { readonly body: object };
  readonly paths: Readonly<Record<string, object>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: AnswerBody;
}

/** Makes a key for a person with these roles for all models; the person is created if there is none of this name. */
export async function makeKey(
  { kysely }: Database,
  name: string,
  roles: readonly Role[],
  limits: Partial<NewKey> = {},
): Promise<string> {
  const person =
    (await findPerson(kysely, name)) ?? (await createPerson(kysely, { name, owner: null, createdBy: null }));
  for (const role of roles) await grantRole(kysely, { personId: person.id }, { role, model: null }, null);
  const key = { principalId: person.id, roles, models: null, createdBy: null, ...limits };
  return (await createKey(kysely, key)).secret;
}

/** The header that sends a key. */
export const authorization = (key: string) => ({ authorization: `Bearer ${key}` });

export async function startTestApi(
  database: Database,
  instanceId = 'test-instance',
  clock?: () => Date,
  lookUpWithinMs = 2_000,
  stopFile?: string,
  /** `off` accepts every request as the unverified caller, so that requests can claim names. */
  auth: 'on' | 'off' = 'on',
): Promise<TestApi> {
  const serving = new Serving({
    database,
    logger: silent,
    instanceId,
    lookUpWithinMs,
    stopFile,
    ...(clock && { clock }),
  });
  const gate = new FakeGate();
  const identities = new Identities({ database, logger: silent });
  const app = await buildApp({
    database,
    serving,
    gate,
    logger: silent,
    auth: auth === 'off' ? auth : identities,
    publicUrl: 'http://localhost',
  });
  await serving.start();
  identities.start();
  const adminKey = await makeKey(database, 'admin of the tests', ['admin']);
  // Read once, so that the key is in memory if a test cuts the connection to Postgres.
  await identities.callerOfKey(adminKey, 'viewer');
  return {
    app,
    serving,
    gate,
    key: adminKey,
    async send(method, url, payload, key = adminKey) {
      const response = await app.inject({
        method,
        url,
        headers: authorization(key),
        ...(payload !== undefined && { payload }),
      });
      const isJson = /^application\/(problem\+)?json/.test(String(response.headers['content-type']));
      return {
        status: response.statusCode,
        headers: response.headers,
        body: (isJson ? response.json() : response.body) as AnswerBody,
      };
    },
    async close() {
      await app.close();
      await identities.stop();
      await serving.stop();
    },
  };
}
