// Gradient-boosted trees end to end, with the real Python worker, Postgres and Temporal.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { paths } from '../../paths.ts';
import { createActivities } from '../../activities/index.ts';
import { requestRetrain } from '../../activities/request-retrain.ts';
import { hasPython, installPython, treesPython } from '../../cli/local/install-python.ts';
import { type TreeOptions } from '../../domain/learning/artifact/onnx-artifact.ts';
import { openTreeFit } from '../../store/registry/tree-fits.ts';
import { getComparison } from '../../store/registry/comparisons.ts';
import { getRetrain } from '../../store/registry/retrains.ts';
import { listVersions } from '../../store/registry/versions.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { readInstallation, recordAdoption } from '../../store/registry/installation.ts';
import { INSTALLATION_MEMO } from '../../worker/installation-memo.ts';
import { type RunningWorkers, startWorkers } from '../../worker/options.ts';
import { workflowIds, workflowTypes } from '../../workflows/protocol/messages.ts';
import { tamper } from '../helpers/tamper.ts';
import { eventually } from '../helpers/eventually.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { testOnnxRuntime, TREES_DATA, treesRequired } from '../helpers/onnx-runtime.ts';
import { retrainableModel, type RetrainableModel, type UserRow } from '../helpers/retrainable-model.ts';
import { sampleDefinition } from '../helpers/sample-model.ts';
import { randomOf } from '../unit/drift/frame-of.ts';
import { workflowBundle } from '../../worker/workflow-bundle.ts';

const JANUARY = '2024-01-15T00:00:00Z';
const QUEUE = 'trees-test';

async function ready(): Promise<boolean> {
  const runtime = await testOnnxRuntime();
  if (treesRequired) await installPython(TREES_DATA, 'python3', () => undefined);
  if (runtime !== null && (await hasPython(TREES_DATA))) return true;
  process.stderr.write(
    'tests of the trees worker are skipped: `npm run test:trees` installs what they need\n',
  );
  return false;
}
const isReady = await ready();

/** Labels that no single feature predicts: positive for long hours on plan a and short hours on plan b. */
function crossed(count: number): UserRow[] {
  const random = randomOf(4);
  return Array.from({ length: count }, (_, index) => {
    const hours = 10 * random();
    const plan = index % 2 === 0 ? 'a' : 'b';
    const gone = hours > 5 === (plan === 'a') ? random() < 0.9 : random() < 0.1;
    return { user: `u${index}`, at: JANUARY, hours: index % 10 === 0 ? null : hours, plan, gone };
  });
}

describe.skipIf(!isReady)('gradient-boosted trees', () => {
  let database: MigratedDatabase;
  let connection: NativeConnection;
  let client: Client;
  let workers: RunningWorkers;
  let model: RetrainableModel;
  let python: ChildProcess | undefined;

  const startPython = async (): Promise<ChildProcess> => {
    const child = spawn(treesPython(TREES_DATA), ['-m', 'tidegate_trees'], {
      cwd: paths.python,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: database.url,
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        TIDEGATE_TASK_QUEUE: QUEUE,
        TIDEGATE_TREES_PARENT: 'pipe',
        TIDEGATE_LOG_LEVEL: 'error',
        TIDEGATE_TREES_CHECKPOINT_SECONDS: '0.1',
        PYTHONDONTWRITEBYTECODE: '1',
      },
    });
    await once(child.stdout, 'data');
    python = child;
    return child;
  };
  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };

  beforeAll(async () => {
    database = await migratedDatabase();
    connection = await NativeConnection.connect({ address: inject('temporalAddress') });
    client = new Client({ connection });
    workers = await startWorkers({
      connection,
      namespace: 'default',
      taskQueue: QUEUE,
      activities: createActivities({ database, client, taskQueue: QUEUE }),
      workflowBundle: await workflowBundle(),
    });
    model = await retrainableModel(database, 'crossed', { holdout: { share: 0.5 } });
    await model.add(crossed(2_400));
    await model.produce((await model.retrain(JANUARY)).version);
    const trees = {
      trainer: 'gradient-boosted-trees' as const,
      window: '1 month',
      seed: 7,
      calibration: 'auto' as const,
      threshold: { recall: 0.8 },
    };
    await applyDefinition(
      database,
      sampleDefinition('crossed', { model: { holdout: { share: 0.5 }, training: trees } }),
      'ada',
    );
  });
  afterEach(async () => {
    if (python) await end(python, 'SIGTERM');
    python = undefined;
  });
  afterAll(async () => {
    workers?.shutdown();
    await workers?.stopped;
    await connection?.close();
    await database?.drop();
  });

  const retrain = (retrainId: string): Promise<string> =>
    requestRetrain(
      { client, taskQueue: QUEUE },
      { retrainId, model: 'crossed', reportId: null, asOf: JANUARY, trigger: 'by hand', requestedBy: 'ada' },
    );

  test('beat the linear champion on labels that no single feature predicts, and wait for approval', async () => {
    await startPython();
    await retrain('crossed/trees');
    await eventually(
      async () => expect((await getRetrain(database, 'crossed/trees')).outcome).not.toBeNull(),
      { within: 50_000 },
    );
    const { outcome, reason, candidateVersion } = await getRetrain(database, 'crossed/trees');
    expect({ outcome, reason }).toMatchObject({ outcome: 'staged' });
    const { body } = await getComparison(database, 'crossed', candidateVersion!);
    expect(body.champion.auc.value).toBeLessThan(0.6);
    expect(body.candidate.auc.value).toBeGreaterThan(0.8);
    expect(body.importance?.map(({ feature }) => feature).sort()).toEqual(['hours', 'plan']);
    const [version] = await listVersions(database, 'crossed');
    expect(version).toMatchObject({ trainer: 'gradient-boosted-trees', unproven: false });
    expect(version!.cut).toBeGreaterThan(0);
    expect(version!.calibration).not.toBeNull();
    // The fits of the folds are finished and removed.
    const left = await database.kysely.selectFrom('tidegate.tree_fit').select('request').execute();
    expect(left).toEqual([{ request: 'crossed/trees/trees' }]);
    expect(await database.kysely.selectFrom('tidegate.onnx_model').select('digest').execute()).toHaveLength(
      1,
    );
    const { checks } = await model.run(() =>
      model.activities.validateCandidate({ model: 'crossed', version: candidateVersion! }),
    );
    // The speed of this machine during tests must not decide.
    const failed = checks.filter(({ passed, name }) => !passed && name !== 'speed').map(({ words }) => words);
    expect(failed).toEqual([]);
  });

  const options = (changes: Partial<TreeOptions>): TreeOptions => ({
    rounds: 2_500,
    leaves: 15,
    depth: -1,
    learning_rate: 0.01,
    min_rows: 20,
    early_stopping: 0,
    seed: 7,
    positive_weight: 1,
    negative_weight: 1,
    ...changes,
  });
  const datasetId = async (): Promise<{ datasetId: number; datasetRows: number; rows: null }> => {
    const { datasetId: id } = await getRetrain(database, 'crossed/1');
    return { datasetId: id!, datasetRows: 2_400, rows: null };
  };
  const fit = async (request: string, changes: Partial<TreeOptions> = {}, owner?: string) => {
    const { id } = await openTreeFit(database, {
      request,
      ...(await datasetId()),
      options: options(changes),
    });
    const handle = await client.workflow.start(workflowTypes.trees, {
      workflowId: workflowIds.trees(id),
      taskQueue: QUEUE,
      args: [{ fitId: id }],
      memo: { [INSTALLATION_MEMO]: owner ?? (await readInstallation(database)).id },
    });
    const state = async () =>
      await database.kysely
        .selectFrom('tidegate.tree_fit')
        .select(['checkpoint', 'outcome', 'roundsDone'])
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
    return { handle, state };
  };

  test('a fit whose worker is killed resumes from its checkpoint and has the same bytes as an uninterrupted one', async () => {
    const first = await startPython();
    const { handle, state } = await fit('killed');
    await eventually(async () => expect((await state()).checkpoint).not.toBeNull(), { within: 20_000 });
    await end(first, 'SIGKILL');
    expect((await state()).outcome).toBeNull();
    await startPython();
    await handle.result();
    const whole = await fit('whole');
    await whole.handle.result();
    expect((await state()).outcome!.digest).toBe((await whole.state()).outcome!.digest);
  });

  test('a fit of another installation is not run until that installation is adopted', async () => {
    await startPython();
    const other = randomUUID();
    const { handle, state } = await fit('foreign', { rounds: 5 }, other);
    await eventually(async () => {
      const { raw } = await handle.describe();
      const failure = raw.pendingActivities?.[0]?.lastFailure;
      expect(failure?.applicationFailureInfo?.type).toBe('FOREIGN_INSTALLATION');
      expect(failure?.message).toContain(`belongs to the installation ${other}`);
    });
    expect(await state()).toEqual({ checkpoint: null, outcome: null, roundsDone: 0 });
    await recordAdoption(database, other, 'ada');
    await handle.result();
    expect((await state()).outcome).not.toBeNull();
  });

  test('a fit that is not in this database is left to the worker of another installation', async () => {
    await startPython();
    const handle = await client.workflow.start(workflowTypes.trees, {
      workflowId: workflowIds.trees(999_999),
      taskQueue: QUEUE,
      args: [{ fitId: 999_999 }],
    });
    await eventually(async () => {
      const { raw } = await handle.describe();
      const failure = raw.pendingActivities?.[0]?.lastFailure;
      expect(failure?.applicationFailureInfo?.type).toBe('FOREIGN_INSTALLATION');
    });
    await handle.terminate('the test is over');
  });

  test('a cancelled fit ends and stores nothing', async () => {
    await startPython();
    const { handle, state } = await fit('cancelled', { rounds: 1_000_000 });
    await eventually(async () => expect((await state()).roundsDone).toBeGreaterThan(0), { within: 20_000 });
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow(/cancelled/i);
    expect((await state()).outcome).toBeNull();
  });

  test('cancelling a retrain cancels its fit', async () => {
    await startPython();
    const definition = sampleDefinition('crossed', {
      model: {
        holdout: { share: 0.5 },
        training: {
          trainer: 'gradient-boosted-trees',
          window: '1 month',
          trees: { rounds: 5_000, learningRate: 0.001, leaves: 1_024, minRows: 1, earlyStopping: false },
        },
      },
    });
    await applyDefinition(database, definition, 'ada');
    const workflowId = await retrain('crossed/cancelled');
    const running = async () =>
      database.kysely
        .selectFrom('tidegate.tree_fit')
        .select(['id', 'outcome'])
        .where('request', '=', 'crossed/cancelled/trees')
        .where('roundsDone', '>', 0)
        .executeTakeFirstOrThrow();
    const { id } = await eventually(running, { within: 20_000 });
    await client.workflow.getHandle(workflowId).cancel();
    await expect(client.workflow.getHandle(workflowIds.trees(id)).result()).rejects.toThrow(/cancelled/i);
    await eventually(async () =>
      expect((await getRetrain(database, 'crossed/cancelled')).outcome).toBe('cancelled'),
    );
    expect((await running()).outcome).toBeNull();
  });

  test('rows that do not match their digest are refused', async () => {
    await startPython();
    await tamper(
      database,
      `update tidegate.dataset_chunk set bytes = set_byte(bytes, 0, get_byte(bytes, 0) # 1)
       where dataset_id = $1 and part = 'feature_0'`,
      [(await datasetId()).datasetId],
    );
    const { handle } = await fit('changed', { rounds: 5 });
    await expect(handle.result()).rejects.toMatchObject({ cause: { cause: { type: 'DATASET_CHANGED' } } });
  });

  test('without a worker a retrain fails soon and says what to run, and other models are not affected', async () => {
    await retrain('crossed/alone');
    await eventually(
      async () => expect((await getRetrain(database, 'crossed/alone')).outcome).toBe('failed'),
      { within: 60_000 },
    );
    expect((await getRetrain(database, 'crossed/alone')).reason).toMatch(/no trees worker took the fit/);
  });
});
