// Keys: what makes one valid, what ends it, and what happens while Postgres is away.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../api/app.ts';
import { Identities } from '../../api/identity/identities.ts';
import { Serving } from '../../api/serving/serving.ts';
import { hashOfSecret, idOfKey } from '../../domain/identity/api-key.ts';
import { type Database, openDatabase } from '../../store/postgres/database.ts';
import { eventually } from '../helpers/eventually.ts';
import {
  authorization,
  FakeGate,
  makeKey,
  ModelFixture,
  silent,
  startTestApi,
  type TestApi,
} from './fixture.ts';
import { openSeverableProxy } from './severable-proxy.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

const ask = async (key: string): Promise<[number, string]> => {
  const { status, body } = await api.send('GET', '/models', undefined, key);
  return [status, body.error?.message ?? ''];
};

const predict = (key: string) => api.send('POST', '/models/churn/predict', { features: { hours: 1 } }, key);

const change = (statement: string, ...values: unknown[]) => fixture.database.pool.query(statement, values);

describe('a key', () => {
  it('is known by its hash: the database does not contain the secret', async () => {
    const key = await makeKey(fixture.database, 'hashed', ['viewer']);
    const { rows } = await change('select * from tidegate.api_key where id = $1', idOfKey(key));
    expect(JSON.stringify(rows)).not.toContain(key.slice(17));
    expect((rows[0] as { hash: Buffer }).hash.toString('hex')).toBe(hashOfSecret(key));
  });

  it.each([
    [
      'with one changed character',
      (key: string) => key.slice(0, -2) + (key.at(-2) === 'a' ? 'b' : 'a') + key.at(-1),
      'does not know',
    ],
    ['with the id of another key', (key: string) => `tgk_aaaaaaaaaaaa_${key.slice(17)}`, 'does not know'],
    [
      'of another installation',
      () => `tgk_abcdefghijkl_${'A'.repeat(43)}`,
      'does not know the key tgk_abcdefghijkl',
    ],
    ['that is only an id', (key: string) => key.slice(0, 16), 'does not have the form'],
    ['with SQL in it', () => "tgk_'or1=1--", 'does not have the form'],
  ])('%s is refused', async (_, forge, words) => {
    const key = await makeKey(fixture.database, 'forged', ['viewer']);
    expect(await ask(key)).toEqual([200, '']);
    const [status, message] = await ask(forge(key));
    expect(status).toBe(401);
    expect(message).toContain(words);
  });

  it.each([
    ['Basic dXNlcjpwYXNz', 'is not `Bearer`'],
    ['Bearer ', 'is not `Bearer`'],
    ['Bearer a b', 'is not `Bearer`'],
    [`Bearer ${'x'.repeat(9_000)}`, 'does not have the form'],
  ])('the header Authorization %.20s is refused', async (header, words) => {
    const answer = await api.app.inject({ url: '/models', headers: { authorization: header } });
    expect(answer.statusCode).toBe(401);
    expect(answer.json<{ error: { message: string } }>().error.message).toContain(words);
  });

  it('stops when it is revoked, when it expires, and when its account or the owner of it is disabled', async () => {
    const { database } = fixture;
    const revoked = await makeKey(database, 'revoked', ['viewer']);
    const disabled = await makeKey(database, 'disabled', ['viewer']);
    const expired = await makeKey(database, 'expired', ['viewer'], { days: 1 });
    const known = await Promise.all([revoked, disabled, expired].map(ask));
    expect(known.map(([status]) => status)).toEqual([200, 200, 200]);
    await change('update tidegate.api_key set revoked_at = now() where id = $1', idOfKey(revoked));
    await change(`update tidegate.principal set disabled_at = now() where name = 'disabled'`);
    await eventually(async () => {
      expect(await ask(revoked)).toEqual([401, expect.stringContaining('was revoked at')]);
      expect(await ask(disabled)).toEqual([401, expect.stringContaining('the account disabled')]);
    });
    const later = new Identities({
      database,
      logger: silent,
      clock: () => new Date(Date.now() + 2 * 86_400_000),
    });
    await expect(later.callerOfKey(expired, 'viewer')).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('expired at') as string,
    });
  });

  it('is refused within two seconds after its revocation even if no notification arrives', async () => {
    let elapsed = 0;
    // Not started, so it neither listens nor polls: only the age of what is in memory makes it ask.
    const deaf = new Identities({ database: fixture.database, logger: silent, elapsed: () => elapsed });
    const key = await makeKey(fixture.database, 'deaf', ['predictor']);
    await deaf.callerOfKey(key, 'predictor');
    await change('update tidegate.api_key set revoked_at = now() where id = $1', idOfKey(key));
    elapsed += 2_001;
    await expect(deaf.callerOfKey(key, 'predictor')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('gets the roles that its owner has now', async () => {
    const key = await makeKey(fixture.database, 'demoted', ['viewer']);
    expect(await ask(key)).toEqual([200, '']);
    await change(`
      update tidegate.role_binding set ended_at = now()
      where principal_id = (select id from tidegate.principal where name = 'demoted')`);
    await eventually(async () => expect((await ask(key))[0]).toBe(403));
  });

  it('has its last use recorded', async () => {
    const key = await makeKey(fixture.database, 'used', ['viewer']);
    await ask(key);
    await eventually(async () => {
      const { rows } = await change('select last_used_at from tidegate.api_key where id = $1', idOfKey(key));
      expect((rows[0] as { last_used_at: Date | null }).last_used_at).not.toBeNull();
    });
  });

  it('cannot be changed, deleted, or made valid for more than a year', async () => {
    const key = await makeKey(fixture.database, 'kept', ['viewer']);
    const id = idOfKey(key);
    await expect(change(`update tidegate.api_key set roles = '{admin}' where id = $1`, id)).rejects.toThrow(
      'revoked',
    );
    await expect(change('delete from tidegate.api_key where id = $1', id)).rejects.toThrow();
    await expect(makeKey(fixture.database, 'kept', ['viewer'], { days: 400 })).rejects.toThrow();
    await change('update tidegate.api_key set revoked_at = now() where id = $1', id);
    await expect(change('update tidegate.api_key set revoked_at = null where id = $1', id)).rejects.toThrow(
      'stays so',
    );
  });

  it('10,000 wrong keys cost few statements, little memory, and the good key keeps answering', async () => {
    const identities = new Identities({ database: fixture.database, logger: silent });
    const good = await makeKey(fixture.database, 'good', ['viewer']);
    const statements = countStatements(fixture.database);
    const wrong = Array.from({ length: 10_000 }, (_, n) => `tgk_abcdefghijkl_${String(n).padStart(43, 'A')}`);
    const asked = wrong.map((key) => identities.callerOfKey(key, 'viewer').catch((error: Error) => error));
    const caller = await identities.callerOfKey(good, 'viewer');
    const refused = await Promise.all(asked);
    expect(caller.name).toBe('good');
    expect(refused.every((error) => error instanceof Error && error.message.includes('does not know'))).toBe(
      true,
    );
    expect(statements.stop()).toBeLessThan(30);
  });
});

function countStatements({ pool }: Database): { stop(): number } {
  let count = 0;
  const onAcquire = (): void => void (count += 1);
  pool.on('acquire', onAcquire);
  return {
    stop: () => {
      pool.off('acquire', onAcquire);
      return count;
    },
  };
}

describe('while Postgres is away', () => {
  it('known keys predict for ten minutes, and everything else is answered with 503', async () => {
    const proxy = await openSeverableProxy(fixture.database.url);
    const database = openDatabase(proxy.url);
    let elapsed = 0;
    const identities = new Identities({ database, logger: silent, elapsed: () => elapsed });
    const [known, unknown] = [
      await makeKey(fixture.database, 'the web shop', ['predictor']),
      await makeKey(fixture.database, 'the web shop', ['predictor']),
    ];
    await identities.callerOfKey(known, 'predictor');
    await proxy.cut();
    const code = (key: string, role: 'predictor' | 'viewer') =>
      identities.callerOfKey(key, role).then(
        ({ name }) => name,
        (error: unknown) => toCode(error),
      );
    elapsed += 5_000;
    expect(await code(known, 'predictor')).toBe('the web shop');
    expect(await code(unknown, 'predictor')).toBe('away');
    expect(await code(known, 'viewer')).toBe('away');
    elapsed += 10 * 60_000;
    expect(await code(known, 'predictor')).toBe('away');
    await identities.stop();
    await database.close();
  });
});

/** `away` for a failure of the connection, else the code. */
const toCode = (error: unknown): string =>
  /^(ECONN|57P|08)/.test((error as { code?: string }).code ?? '') || /terminated|refused/.test(String(error))
    ? 'away'
    : String(error);

describe('with TIDEGATE_AUTH=off', () => {
  const requests = [
    [{}, 200],
    [{ host: 'localhost:9999' }, 200],
    [{ host: 'tidegate.example.com' }, 403],
    [{ host: '127.0.0.1.nip.io' }, 403],
    [{ 'x-forwarded-for': '10.0.0.1' }, 403],
    [{ forwarded: 'for=10.0.0.1' }, 403],
    [{ via: '1.1 proxy' }, 403],
    [{ origin: 'https://evil.example.com' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'http://127.0.0.1:8080' }, 200],
  ] as const;

  it.each(requests)('a request with the headers %j is answered with %i', async (headers, status) => {
    const { database } = fixture;
    const serving = new Serving({ database, logger: silent });
    const app = await buildApp({
      database,
      serving,
      gate: new FakeGate(),
      logger: silent,
      auth: 'off',
      publicUrl: 'http://localhost',
    });
    const answer = await app.inject({ url: '/models', headers });
    await app.close();
    await serving.stop();
    expect(answer.statusCode).toBe(status);
    if (status === 403) expect(answer.json()).toMatchObject({ error: { code: 'FORBIDDEN' } });
  });
});

it('a key with a role answers with predictions', async () => {
  const key = await makeKey(fixture.database, 'shop', ['predictor']);
  expect((await predict(key)).status).toBe(200);
  const other = await api.app.inject({ url: '/models', headers: authorization(key) });
  expect(other.statusCode).toBe(403);
});
