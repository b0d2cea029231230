// Fills the database for a release's dump: one model with data, versions and decisions, made by the loop's own steps.
import { MockActivityEnvironment } from '@temporalio/testing';
import { type Client } from '@temporalio/client';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { category, numeric } from '../domain/model/parts/column.ts';
import { defineModel, parseDefinition, view } from '../domain/model/define-model.ts';
import { Random } from '../domain/random.ts';
import { type DecisionMessage } from '../domain/decisions/approval.ts';
import { type Database } from '../store/postgres/database.ts';
import { applyDefinition } from '../store/definitions/definitions.ts';
import { getRetrain } from '../store/registry/retrains.ts';
import { writePredictions } from '../store/registry/predictions.ts';

/** Name of the model and of the schema with its source tables. */
export const WORLD = 'viewers';

const USERS = 226;

const definition = parseDefinition(
  defineModel({
    name: WORLD,
    entity: { name: 'user', keys: ['user_id'] },
    rows: { table: `${WORLD}.months`, timestamp: 'at' },
    features: [
      view({
        table: `${WORLD}.months`,
        timestamp: 'at',
        columns: { hours: numeric({ min: 0 }), plan: category(['basic', 'plus']) },
      }),
    ],
    label: { table: `${WORLD}.months`, column: 'gone', timestamp: 'at' },
    holdout: { share: 0.5 },
    monitor: { every: '1 month', window: '1 month' },
    training: { trainer: 'logistic-regression', window: '1 month' },
    retrain: { minLabels: 50 },
    promotion: { unverifiedSignals: 'accept' },
  }),
);

/**
 * Fills a migrated database: source tables with two months, the second of which has drifted. Version 1 is trained on the
 * first month, approved after one refused decision, and served. Version 2 is trained on the second month and waits for a
 * decision.
 */
export async function makeReleaseWorld(database: Database): Promise<void> {
  await makeSources(database);
  await applyDefinition(database, definition, 'ada');
  const first = await trainOn(database, '2024-01-31T00:00:00Z');
  await decide(database, first, 'somebody', '0'.repeat(64));
  const { refusal } = await decide(database, first, 'grace', first.digest);
  if (refusal !== undefined) throw new Error(`the approval of version 1 was refused: ${refusal}`);
  await inRun(database, `release/${WORLD}/${first.version}`, async (steps) =>
    steps.promote({ model: WORLD, version: first.version }),
  );
  await writePredictions(database, 'first-instance', [
    {
      id: '018d643a-7b80-7000-8000-000000000001',
      model: WORLD,
      version: first.version,
      entityKey: JSON.stringify(['u1']),
      features: JSON.stringify({ hours: 3, plan: 'basic' }),
      score: 0.25,
      at: new Date('2024-02-01T09:00:00Z'),
    },
  ]);
  await trainOn(database, '2024-02-29T00:00:00Z');
}

type Steps = ReturnType<typeof createActivities>;

let runs = 0;

/** Runs steps in an activity environment, as part of the workflow run with this id. */
function inRun<T>(database: Database, workflowId: string, work: (steps: Steps) => Promise<T>): Promise<T> {
  // The client is never used, because none of these steps starts another run.
  const steps = createActivities({ database, client: {} as Client, taskQueue: 'none' });
  const environment = new MockActivityEnvironment(
    { workflowExecution: { workflowId, runId: `run-${(runs += 1)}` } },
    { logger: new DefaultLogger('ERROR') },
  );
  return environment.run<[], T, () => Promise<T>>(() => work(steps));
}

interface Waiting {
  readonly version: number;
  readonly digest: string;
}

/** Monitors the month that ends at the given instant, trains a candidate on it, and prepares the candidate for a decision. */
async function trainOn(database: Database, asOf: string): Promise<Waiting> {
  const report = await inRun(database, `monitor/${WORLD}`, async (steps) => {
    const opened = await steps.freezeWindow({ model: WORLD, asOf });
    await steps.checkQuality(opened);
    await steps.measureDrift(opened);
    await steps.measurePerformance(opened);
    await steps.decideRetrain(opened);
    return opened;
  });
  const retrainId = `${WORLD}/report-${report.reportId}`;
  await inRun(database, `retrain/${WORLD}`, async (steps) => {
    const { reportId } = report;
    await steps.openRetrain({
      retrainId,
      model: WORLD,
      reportId,
      asOf: null,
      trigger: 'share',
      requestedBy: 'ada',
    });
    await steps.freezeTrainingWindow({ retrainId });
    await steps.checkLeaks({ retrainId });
    const { recipes } = await steps.planTraining({ retrainId });
    for (let recipe = 0; recipe < recipes; recipe += 1) await steps.judgeRecipe({ retrainId, recipe });
    const { version } = await steps.trainCandidate({ retrainId });
    await steps.compareWithChampion({ retrainId });
    const { promote, reason, summary } = await steps.decidePromotion({ retrainId });
    if (!promote) throw new Error(`the candidate was not promoted: ${reason}`);
    await steps.materializeOnline({ model: WORLD, version });
    await steps.stageCandidate({ retrainId, detail: reason });
    await steps.closeRetrain({ retrainId, outcome: 'staged', reason, summary });
  });
  const version = (await getRetrain(database, retrainId)).candidateVersion!;
  return inRun(database, `release/${WORLD}/${version}`, async (steps) => {
    const subject = { model: WORLD, version };
    const validation = await steps.validateCandidate(subject);
    const { digest } = await steps.assembleEvidence({
      ...subject,
      expiresAt: '2099-01-01T00:00:00Z',
      validation,
    });
    return { version, digest };
  });
}

let sent = 0;

function decide(database: Database, { version }: Waiting, decidedBy: string, evidenceDigest: string) {
  sent += 1;
  const message: DecisionMessage = {
    version,
    evidenceDigest,
    decision: 'approve',
    comment: 'yes',
    decidedBy,
  };
  return inRun(database, `release/${WORLD}/${version}`, (steps) =>
    steps.verifyDecision({ model: WORLD, version, request: `decision-${sent}`, channel: 'update', message }),
  );
}

async function makeSources({ pool }: Database): Promise<void> {
  await pool.query(`
    create schema ${WORLD};
    create table ${WORLD}.months (
      user_id text, at timestamptz, hours float8, plan text, gone boolean, primary key (user_id, at)
    )`);
  const random = new Random(20, 24, 1);
  const rows = ['2024-01-15T00:00:00Z', '2024-02-15T00:00:00Z'].flatMap((at, month) =>
    Array.from({ length: USERS }, (_, user) => {
      // In the second month users watch more, and now those who watch a lot leave.
      const hours = Math.round((month === 0 ? 10 : 16) * random.uniform() * 10) / 10;
      const odds = month === 0 ? 2 * (hours - 5) : 2 * (8 - hours);
      return {
        user_id: `u${user}`,
        at,
        hours: random.chance(0.02) ? null : hours,
        plan: random.chance(0.3) ? 'plus' : 'basic',
        gone: random.chance(1 / (1 + Math.exp(-odds))),
      };
    }),
  );
  await pool.query(
    `insert into ${WORLD}.months select * from jsonb_populate_recordset(null::${WORLD}.months, $1)`,
    [JSON.stringify(rows)],
  );
}
