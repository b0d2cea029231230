// A model that is no longer wanted: what it did by itself ends, and what is on record stays.
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { readConfig } from '../../cli/config.ts';
import { Output } from '../../cli/output/output.ts';
import { buildProgram } from '../../cli/program.ts';
import { putSchedule, scheduleOptions } from '../../cli/schedule.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { readInstallation } from '../../store/installation.ts';
import { materialise } from '../../store/online/materialise.ts';
import { findVersionIn, getVersion } from '../../store/versions/versions.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;
let connection: Connection;
let client: Client;

// Its schedules are on a server that other tests share.
const model = `retired_${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  database = await migratedDatabase();
  connection = await Connection.connect({ address: inject('temporalAddress') });
  client = new Client({ connection });
});

afterAll(async () => {
  await connection.close();
  await database.drop();
});

async function tidegate(...args: string[]): Promise<string> {
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  const output = new Output({ stdout, stderr: { write: () => undefined } });
  const config = readConfig({ DATABASE_URL: database.url, TEMPORAL_ADDRESS: inject('temporalAddress') });
  await buildProgram({ config: () => config, output }).parseAsync(args, { from: 'user' });
  return said;
}

const schedulesOf = async (): Promise<string[]> => {
  const ids: string[] = [];
  for (const id of [`monitor/${model}`, `materialize/${model}`]) {
    await client.schedule
      .getHandle(id)
      .describe()
      .then(() => ids.push(id))
      .catch(() => undefined);
  }
  return ids;
};

it('a model is retired: schedules, place in Staging and online rows go, history and champion stay', async () => {
  const candidates = await candidateModel(database, model);
  const champion = await candidates.produce();
  const staged = await candidates.stage();
  await database.pool.query(`insert into ${model}.usage (user_id, at, hours) values ('u', '2024-01-15Z', 1)`);
  const source = await getDefinition(database, model);
  const { definition } = source;
  const installation = await readInstallation(database);
  const schedule = scheduleOptions(definition, 'nobody');
  await putSchedule(client, schedule, installation);
  await putSchedule(client, { ...schedule, scheduleId: `materialize/${model}` }, installation);
  await materialise(database, { source, asOf: new Date('2024-02-01Z') });
  expect(await schedulesOf()).toHaveLength(2);

  const said = await tidegate('retire', model, '--by', 'grace');
  expect(said).toContain(`version ${staged} has left Staging`);
  expect(said).toContain(`version ${champion} stays in Production`);
  expect(said).toContain('removed the online rows of definition 1');
  expect(await schedulesOf()).toEqual([]);
  expect((await getVersion(database, model, staged)).stage).toBe('Archived');
  expect(await findVersionIn(database, model, 'Production')).toMatchObject({ version: champion });
  const { rows: moves } = await database.pool.query(
    `select actor, reason, detail from tidegate.transition where model = $1 order by id desc limit 1`,
    [model],
  );
  expect(moves).toEqual([{ actor: 'grace', reason: 'withdrawn', detail: 'the model was retired by grace' }]);
  const { rows: left } = await database.pool.query('select from tidegate.online_row where model = $1', [
    model,
  ]);
  expect(left).toEqual([]);

  // Again, where nothing is left to end.
  expect(JSON.parse(await tidegate('retire', model, '--by', 'grace', '--json'))).toEqual({
    model,
    ended: [],
    stillOpen: [],
    withdrawn: null,
    onlineRowsOf: [],
    production: champion,
  });
  await expect(tidegate('retire', 'nobody', '--by', 'grace')).rejects.toMatchObject({
    code: 'UNKNOWN_MODEL',
  });
});
