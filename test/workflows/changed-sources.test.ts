// Source tables that change after `apply`: the run fails at its first attempt and names the table and column.
import { WorkflowFailedError } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Activities, createActivities } from '../../activities/index.ts';
import { explainError } from '../../operations/explain-error.ts';
import { type TidegateError } from '../../domain/errors.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { asFailure } from '../../worker/options.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleModel } from '../helpers/sample-model.ts';
import { fakeActivities } from './fake-activities.ts';
import { scheduledActivities } from './history.ts';
import { useLoops } from './with-loops.ts';

const AS_OF = '2024-02-01T00:00:00Z';

let database: MigratedDatabase;
let activities: Activities;

beforeAll(async () => {
  database = await migratedDatabase();
  activities = createActivities({ database, client: {} as never, taskQueue: 'none' });
});
afterAll(() => database.drop());

const withLoops = useLoops();

/** A model over `hours` of type numeric, applied, with one row in the window; then its tables are changed. */
async function changedModel(name: string, change: string): Promise<void> {
  const sample = await sampleModel(database, name);
  await database.pool.query(`alter table ${name}.usage alter hours type numeric`);
  await applyDefinition(database, sample.definition, 'ada');
  await sample.insert('spine', { user_id: 'u', at: '2024-01-15Z' });
  await sample.insert('usage', { user_id: 'u', at: '2024-01-10Z', hours: 3, plan: 'a' });
  await database.pool.query(change.replaceAll('SCHEMA', name));
}

const freezing = (model: string) => () => activities.freezeWindow({ model, asOf: AS_OF });
const materializing = (model: string) => () =>
  activities.materializeDefinition({
    model,
    definitionVersion: 1,
    asOf: AS_OF,
    scope: { kind: 'increment' },
  });

/** The error of a step, as the command line explains it. */
async function failureOf(step: () => Promise<unknown>): Promise<TidegateError> {
  const environment = new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'monitor/test', runId: 'run' } },
    { logger: new DefaultLogger('ERROR') },
  );
  const thrown: unknown = await environment.run(step).then(
    () => undefined,
    (error: unknown) => error,
  );
  const failure = asFailure(thrown, 'step');
  expect(failure).toMatchObject({ nonRetryable: true });
  return explainError(failure);
}

const BIG = `update SCHEMA.usage set hours = ('1' || repeat('0', 400))::numeric`;

test.each([
  [
    'renamed',
    'alter table SCHEMA.usage rename hours to time',
    'UNKNOWN_COLUMN',
    /renamed\.usage has no column hours; it has .*time/,
  ],
  ['dropped', 'drop table SCHEMA.usage', 'UNKNOWN_TABLE', /there is no table dropped\.usage/],
  ['moved', 'alter table SCHEMA.spine rename to people', 'UNKNOWN_TABLE', /there is no table moved\.spine/],
  [
    'retyped',
    `alter table SCHEMA.usage alter hours type date using '2024-01-01'`,
    'WRONG_COLUMN_TYPE',
    /retyped\.usage\.hours is date/,
  ],
  [
    'worded',
    `alter table SCHEMA.usage alter hours type text using 'many'`,
    'WRONG_COLUMN_TYPE',
    /worded\.usage\.hours is text/,
  ],
  ['too_big', BIG, 'VALUE_OUT_OF_RANGE', /too_big\.usage\.hours: .*out of range/],
] as const)(
  'a source that was %s ends freezing and materialising at once',
  async (name, change, code, words) => {
    for (const [at, stepOf] of [freezing, materializing].entries()) {
      const model = `${name}${at}`;
      await changedModel(model, change);
      const { code: found, message, remedy } = await failureOf(stepOf(model));
      expect(found).toBe(code);
      expect(message).toMatch(new RegExp(`^step: .*${words.source.replaceAll(name, model)}`));
      expect(message.length).toBeLessThan(800);
      expect(remedy).not.toBe('');
    }
  },
);

test('a bug in a step fails its run at the first attempt, with the code DEFECT', () => {
  const fakes = fakeActivities({
    freezeWindow: async () => (undefined as unknown as { rows: never }).rows,
  });
  return withLoops(fakes, async ({ monitor }) => {
    const failure: unknown = await (await monitor()).result().catch((error: unknown) => error);
    const { code, message } = explainError(failure);
    expect(code).toBe('DEFECT');
    expect(message).toMatch(/^freezeWindow: TypeError: Cannot read properties of undefined/);
    expect(fakes.inputsOf('freezeWindow')).toHaveLength(1);
  });
});

test('a monitor run on a renamed column fails at the first attempt, with code, column and remedy', async () => {
  await changedModel('monitored', 'alter table SCHEMA.usage rename hours to time');
  const fakes = fakeActivities({
    freezeWindow: () => activities.freezeWindow({ model: 'monitored', asOf: AS_OF }),
  });
  await withLoops(fakes, async ({ monitor }) => {
    const run = await monitor();
    const failure: unknown = await run.result().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    const { code, message, remedy } = explainError(failure);
    expect(code).toBe('UNKNOWN_COLUMN');
    expect(message).toContain('monitored.usage has no column hours');
    expect(remedy).toContain('apply a definition of monitored that fits');
    const attempts = (await run.fetchHistory()).events?.filter(
      (event) => event.activityTaskStartedEventAttributes,
    );
    expect(attempts?.[0]?.activityTaskStartedEventAttributes?.attempt).toBe(1);
    expect(scheduledActivities(await run.fetchHistory())[0]?.activityType?.name).toBe('freezeWindow');
  });
});
