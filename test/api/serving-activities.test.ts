import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servingActivities } from '../../activities/serving.ts';
import { ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let first: TestApi;

const run = (step: 'prepareServing' | 'confirmServing', version: number) => {
  const activities = servingActivities({ database: fixture.database });
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  return environment.run(() => activities[step]({ model: 'churn', version }));
};

const statesOf = (version: number) =>
  fixture.database.kysely
    .selectFrom('tidegate.instance_version')
    .select(['instance', 'state'])
    .where('version', '=', version)
    .orderBy('instance')
    .execute();

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
});

afterAll(() => fixture.drop());

it('nothing waits if no API instance is running', async () => {
  expect(await run('prepareServing', 1)).toEqual({ instances: 0 });
  expect(await run('confirmServing', 1)).toEqual({ instances: 0 });
});

describe('with two API instances', () => {
  let second: TestApi;

  beforeAll(async () => {
    first = await startTestApi(fixture.database, 'first');
    second = await startTestApi(fixture.database, 'second');
  });

  afterAll(async () => {
    await first.close();
    await second.close();
  });

  it('each loads a version before its promotion and confirms it afterwards', async () => {
    const version = await fixture.register(1);
    expect(await run('prepareServing', version)).toEqual({ instances: 2 });
    expect(await statesOf(version)).toEqual([
      { instance: 'first', state: 'prepared' },
      { instance: 'second', state: 'prepared' },
    ]);
    await fixture.promote(version, 1);
    expect(await run('confirmServing', version)).toEqual({ instances: 2 });
    expect(await statesOf(version)).toEqual([
      { instance: 'first', state: 'serving' },
      { instance: 'second', state: 'serving' },
    ]);
  });

  it('a version that cannot be loaded is not confirmed, and each instance reports why', async () => {
    const version = await fixture.register(2);
    await fixture.corrupt(version);
    await expect(run('prepareServing', version)).rejects.toMatchObject({
      code: 'SERVING_NOT_CONFIRMED',
      retryable: true,
      message: expect.stringMatching(/first: the artifact .* differs from its digest/) as string,
    });
  });

  it('a repeated request is answered again', async () => {
    const version = await fixture.register(3);
    await fixture.corrupt(version);
    await expect(run('prepareServing', version)).rejects.toThrow('differs from its digest');
    await fixture.database.pool.query(`
      begin;
      alter table tidegate.version disable trigger version_guarded;
      update tidegate.version set artifact = jsonb_set(artifact, '{coefficients,0}', '3') where version = ${version};
      alter table tidegate.version enable trigger version_guarded;
      commit`);
    expect(await run('prepareServing', version)).toEqual({ instances: 2 });
  });

  it('a version that is not in Production is not confirmed', async () => {
    await expect(run('confirmServing', 1)).rejects.toMatchObject({ code: 'SERVING_NOT_CONFIRMED' });
  });

  it('the error names an instance that is alive but stuck, and a dead instance is not waited for', async () => {
    const stuck = (since: string) =>
      fixture.database.pool.query(`
        insert into tidegate.instance values ('stuck', now(), now() + interval '${since}')
        on conflict (id) do update set heartbeat_at = excluded.heartbeat_at`);
    const { rows } = await fixture.database.pool.query<{ version: number }>(
      `select version from tidegate.version where stage = 'Production'`,
    );
    const champion = rows[0]?.version ?? 0;
    await stuck('1 hour');
    await expect(run('confirmServing', champion)).rejects.toThrow(
      /^after 5 s, .* is still not serving on stuck$/,
    );
    await stuck('-6 seconds');
    await expect(run('confirmServing', champion)).resolves.toEqual({ instances: 2 });
  });
});
