// A model over real tables that a test retrains by running the loop's activities one after another.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type Client } from '@temporalio/client';
import { type RunRef } from '../../activities/deps.ts';
import { type Activities, createActivities } from '../../activities/index.ts';
import { type ModelInput } from '../../domain/model/definition.ts';
import { type PromotionDecision } from '../../domain/decisions/decide-promotion.ts';
import { type Database } from '../../store/postgres/database.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { getComparison, type StoredComparison } from '../../store/registry/comparisons.ts';
import { getRetrain } from '../../store/registry/retrains.ts';
import { moveToStaging, promote } from '../../store/registry/stage-moves.ts';
import { approved, by } from './candidates.ts';
import { type SampleModel, sampleModel } from './sample-model.ts';

/** One row of a user: features, label, and when the label became known. */
export interface UserRow {
  readonly user: string;
  readonly at: string;
  readonly hours: number | null;
  readonly plan: string | null;
  readonly gone: boolean;
  /** @default the row's own time */
  readonly labelKnown?: string;
}

/** The result of a retrain. */
export interface Retrained {
  readonly version: number;
  readonly comparison: StoredComparison & { readonly decision: PromotionDecision };
}

/** A model to retrain. */
export interface RetrainableModel {
  readonly name: string;
  readonly sample: SampleModel;
  readonly activities: Activities;
  /** Runs one step in an activity context, as a worker does. */
  run<T>(step: () => Promise<T>): Promise<T>;
  add(rows: readonly UserRow[]): Promise<void>;
  /** Opens a report on the monitor window that ends at `asOf`, and returns its id. */
  report(asOf: string): Promise<number>;
  /** Trains on the window that ends at the newest label by `asOf`, or for a report; returns the version. */
  train(asOf: string, reportId?: number): Promise<{ retrainId: string; version: number }>;
  /** Opens a retrain, freezes its window and plans the training; returns the number of recipes to evaluate. */
  plan(asOf: string, reportId?: number): Promise<{ retrainId: string; recipes: number }>;
  /** Trains, compares and decides. */
  retrain(asOf: string, reportId?: number): Promise<Retrained>;
  /** Moves a version to Production, regardless of the decision about it. */
  produce(version: number): Promise<void>;
}

/** Creates the tables of a sample model and applies it. */
export async function retrainableModel(
  database: Database,
  name: string,
  model: Partial<ModelInput> = {},
): Promise<RetrainableModel> {
  const sample = await sampleModel(database, name, { model });
  await applyDefinition(database, sample.definition, 'linus');
  // None of the steps below starts another run.
  const activities = createActivities({ database, client: {} as Client, taskQueue: 'none' });
  const runAs = <T>(workflowExecution: RunRef, step: () => Promise<T>): Promise<T> =>
    new MockActivityEnvironment({ workflowExecution }, { logger: new DefaultLogger('ERROR') }).run<
      [],
      T,
      () => Promise<T>
    >(step);
  const run = <T>(step: () => Promise<T>): Promise<T> =>
    runAs({ workflowId: `retrain/${name}`, runId: name }, step);
  let requests = 0;
  let champion: number | null = null;

  const plan: RetrainableModel['plan'] = async (asOf, reportId) => {
    requests += 1;
    const retrainId = `${name}/${requests}`;
    const by = reportId === undefined ? { reportId: null, asOf } : { reportId, asOf: null };
    const request = { retrainId, model: name, ...by, trigger: 'manual', requestedBy: 'ada' };
    await run(() => activities.openRetrain(request));
    await run(() => activities.freezeTrainingWindow({ retrainId }));
    const { recipes } = await run(() => activities.planTraining({ retrainId }));
    return { retrainId, recipes };
  };
  const train: RetrainableModel['train'] = async (asOf, reportId) => {
    const { retrainId, recipes } = await plan(asOf, reportId);
    for (let recipe = 0; recipe < recipes; recipe += 1)
      await run(() => activities.judgeRecipe({ retrainId, recipe }));
    await run(() => activities.trainCandidate({ retrainId }));
    const { candidateVersion } = await getRetrain(database, retrainId);
    return { retrainId, version: candidateVersion! };
  };
  return {
    name,
    sample,
    activities,
    run,
    plan,
    train,
    report: async (asOf) => {
      const step = () => activities.freezeWindow({ model: name, asOf });
      return (await runAs({ workflowId: `monitor/${name}`, runId: asOf }, step)).reportId;
    },
    async add(rows) {
      await sample.insert('spine', ...rows.map(({ user, at }) => ({ user_id: user, at })));
      await sample.insert(
        'usage',
        ...rows.map(({ user, at, hours, plan }) => ({ user_id: user, at, loaded_at: at, hours, plan })),
      );
      await sample.insert(
        'outcome',
        ...rows.map(({ user, at, gone, labelKnown = at }) => ({
          user_id: user,
          at,
          loaded_at: labelKnown,
          gone,
        })),
      );
    },
    async retrain(asOf, reportId) {
      const { retrainId, version } = await train(asOf, reportId);
      await run(() => activities.compareWithChampion({ retrainId }));
      await run(() => activities.decidePromotion({ retrainId }));
      const comparison = await getComparison(database, name, version);
      return { version, comparison: { ...comparison, decision: comparison.decision! } };
    },
    async produce(version) {
      await moveToStaging(database, name, version, by(), { whilePending: 'supersede', detail: '' });
      await promote(
        database,
        name,
        version,
        champion,
        await approved(database, name, version, champion),
        'approved',
      );
      champion = version;
    },
  };
}
