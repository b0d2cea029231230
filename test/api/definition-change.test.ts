// A feature is added and another dropped during predictions by key: none fails, and each is answered by one version.
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { count, numeric } from '../../domain/model/parts/column.ts';
import { parseDefinition, view } from '../../domain/model/define-model.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { materialize } from '../../store/online/materialize.ts';
import { countMissingOnlineRows } from '../../store/online/lookup.ts';
import { removeUnusedRows } from '../../store/online/remove-unused-rows.ts';
import { eventually } from '../helpers/eventually.ts';
import { artifact, definition, ModelFixture, startTestApi, type TestApi } from './fixture.ts';

const asOf = new Date('2024-02-01Z');
let fixture: ModelFixture;
let api: TestApi;

const withColumns = (columns: Record<string, unknown>) =>
  parseDefinition({
    ...definition,
    features: [view({ table: 'usage', timestamp: 'as_of', columns: columns as never })],
  });

/** The artifact of a version that uses a single numeric feature. */
const learntFrom = (name: string) => ({
  ...artifact(0),
  encoding: {
    columns: [{ kind: 'numeric' as const, name, scale: { mean: 0, sd: 10 }, missing: false }],
    dropped: ['hours'],
  },
  coefficients: [0, 1],
});

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.database.pool.query(`
    create table users (user_id text, as_of timestamptz);
    create table usage (user_id text, as_of timestamptz, hours float8, tickets int, tenure float8);
    insert into users select 'u' || n, '2024-01-31Z' from generate_series(1, 200) n;
    insert into usage select 'u' || n, '2024-01-31Z', n, n, -n from generate_series(1, 200) n`);
  await fixture.addDefinition(2, withColumns({ hours: numeric(), tickets: count() }));
  await fixture.addDefinition(3, withColumns({ hours: numeric(), tenure: numeric() }));
  api = await startTestApi(fixture.database);
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

it('answers every request by one version, with the features of that version', async () => {
  const { database } = fixture;
  const bring = async (version: number) =>
    materialize(database, { source: await getDefinition(database, 'churn', version), asOf, batchSize: 20 });
  await bring(2);
  const before = await fixture.register(1, 2, learntFrom('tickets'));
  await fixture.promote(before, null);
  const answers: { status: number; version: number; used: string[] }[] = [];
  let stop = false;
  const client = async (offset: number): Promise<void> => {
    for (let n = offset; !stop; n += 7) {
      const keys = [0, 1].map((more) => ({ user_id: `u${1 + ((n + more) % 200)}` }));
      const { status, body } = await api.send('POST', '/models/churn/predict', { keys, explain: true });
      const used = body.predictions?.map(({ features_used }) => Object.keys(features_used ?? {}).join());
      answers.push({ status, version: body.version, used });
      await turn();
    }
  };
  await eventually(async () => expect((await api.serving.modelFor('churn')).version).toBe(before));
  const clients = [client(0), client(50), client(100)];
  await eventually(() => expect(answers.length).toBeGreaterThan(50));
  // The rows of the new definition are complete before its version may wait in Staging.
  await bring(3);
  expect(await countMissingOnlineRows(database, await getDefinition(database, 'churn', 3), asOf)).toBe(0);
  const after = await fixture.register(2, 3, learntFrom('tenure'));
  await fixture.promote(after, before);
  // The rows of the previous version stay, because it may be rolled back to.
  expect(await removeUnusedRows(database, 'churn')).toEqual([]);
  await eventually(() =>
    expect(answers.filter(({ version }) => version === after).length).toBeGreaterThan(50),
  );
  stop = true;
  await Promise.all(clients);

  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  const seen = new Set(answers.map(({ version, used }) => JSON.stringify([version, ...new Set(used)])));
  expect([...seen].sort()).toEqual([
    JSON.stringify([before, 'hours,tickets']),
    JSON.stringify([after, 'hours,tenure']),
  ]);
});
