// StreamFlow's second month with both months in the training window: recent rows win, evaluated on training clusters only.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type Client } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { parseDefinition } from '../../domain/model/define-model.ts';
import { exampleMigrations } from '../../migrations/example/index.ts';
import churn from '../../models/churn.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { importFolder } from '../../store/import/import-files.ts';
import { migrate } from '../../store/postgres/migrate.ts';
import { getComparison } from '../../store/registry/comparisons.ts';
import { moveToStaging, promote } from '../../store/registry/stage-moves.ts';
import { readTuning } from '../../store/registry/versions.ts';
import { approved, by } from '../helpers/candidates.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

const data = fileURLToPath(new URL('../../../shared/data/streamflow', import.meta.url));
const isThere = existsSync(data);
const where = isThere ? '' : ` (skipped: ${data} is not there)`;
const MODEL = 'streamflow_windows';

describe.skipIf(!isThere)(`two months of StreamFlow to learn from${where}`, () => {
  let database: MigratedDatabase;
  beforeAll(async () => {
    database = await migratedDatabase();
    await migrate(database, exampleMigrations);
  });
  afterAll(() => database.drop());

  it('lead to a candidate trained only on the second month, which is promoted', async () => {
    const activities = createActivities({ database, client: {} as Client, taskQueue: 'none' });
    let runs = 0;
    const run = <T>(step: () => Promise<T>): Promise<T> =>
      new MockActivityEnvironment(
        { workflowExecution: { workflowId: `monitor/${MODEL}`, runId: `run-${runs}` } },
        { logger: new DefaultLogger('ERROR') },
      ).run<[], T, () => Promise<T>>(step);
    /** Monitors a month and trains the candidate that its report asks for. */
    const month = async (folder: string, asOf: string): Promise<{ version: number; trigger: string }> => {
      runs += 1;
      await importFolder(database.pool, { folder: `${data}/${folder}`, asOf: new Date(asOf) });
      const report = await run(() => activities.freezeWindow({ model: MODEL, asOf }));
      await run(() => activities.measureDrift(report));
      await run(() => activities.measurePerformance(report));
      const { outcome: trigger, retrain } = await run(() => activities.decideRetrain(report));
      expect(retrain).toBe(true);
      const retrainId = `${MODEL}/report-${report.reportId}`;
      const request = {
        retrainId,
        model: MODEL,
        reportId: report.reportId,
        asOf: null,
        trigger,
        requestedBy: 'ada',
      };
      await run(() => activities.openRetrain(request));
      await run(() => activities.freezeTrainingWindow({ retrainId }));
      const { recipes } = await run(() => activities.planTraining({ retrainId }));
      for (let recipe = 0; recipe < recipes; recipe += 1)
        await run(() => activities.judgeRecipe({ retrainId, recipe }));
      const { version } = await run(() => activities.trainCandidate({ retrainId }));
      await run(() => activities.compareWithChampion({ retrainId }));
      await run(() => activities.decidePromotion({ retrainId }));
      return { version, trigger };
    };

    // A window that still includes the first month's rows when the second has arrived.
    const training = { ...churn.training, window: '2 months' };
    await importFolder(database.pool, {
      folder: `${data}/month_000`,
      asOf: new Date('2024-01-31T00:00:00Z'),
    });
    await applyDefinition(database, parseDefinition({ ...churn, name: MODEL, training }), 'linus');
    const first = await month('month_000', '2024-01-31T00:00:00Z');
    expect(first.trigger).toBe('bootstrap');
    await moveToStaging(database, MODEL, 1, by(), { whilePending: 'supersede', detail: '' });
    await promote(database, MODEL, 1, null, await approved(database, MODEL, 1, null), 'approved');

    const second = await month('month_001', '2024-02-29T00:00:00Z');
    expect(second.trigger).toBe('performance');
    const tuning = (await readTuning(database, MODEL, second.version))!;
    const meanOf = (window: string) => tuning.recipes.find(({ recipe }) => recipe.window === window)!.mean!;
    expect(tuning.chosen.window).toBe('recent');
    // On the holdout, the AUC was 0.545 for a fit on all rows and 0.622 for one on recent rows.
    expect(meanOf('recent') - meanOf('all')).toBeGreaterThan(0.04);
    const { body, decision } = await getComparison(database, MODEL, second.version);
    expect(body.candidate.auc.value).toBeGreaterThan(0.58);
    expect(body.leakedClusters).toBe(0);
    expect(decision?.promote).toBe(true);
  });
});
