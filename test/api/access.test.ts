// Who may use which route: the table, the routes, and every role on every route.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { access } from '../../api/access.ts';
import { buildApp } from '../../api/app.ts';
import { type AccessTable } from '../../api/plugins/authenticate.ts';
import { Serving } from '../../api/serving/serving.ts';
import { expandRoles, type Role, ROLES } from '../../domain/identity/roles.ts';
import { FakeGate, makeKey, ModelFixture, silent, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;
const keys = new Map<Role, string>();

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  api = await startTestApi(fixture.database);
  for (const role of ROLES) keys.set(role, await makeKey(fixture.database, `the ${role}`, [role]));
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

/** Every route of the app, as `GET /models/:model`. */
const registered = (): string[] => {
  const routes: string[] = [];
  const parents: string[] = [];
  for (const line of api.app.printRoutes({ commonPrefix: false }).split('\n')) {
    const found = /^([│ ]*)[├└]── (\S*)(?: \((.*)\))?$/.exec(line);
    if (!found) continue;
    const [, indent = '', part = '', methods = ''] = found;
    parents.splice(indent.length / 4, Infinity, part);
    for (const method of methods.split(', ').filter((name) => name !== '' && name !== 'HEAD'))
      routes.push(`${method} ${parents.join('')}`);
  }
  return routes;
};

it('the table names exactly the routes that the API has', () => {
  const routes = registered();
  const listed = Object.keys(access);
  const matches = (entry: string, route: string): boolean =>
    entry.endsWith('*') ? route.startsWith(entry.slice(0, -1)) : entry === route;
  expect(routes.filter((route) => !listed.some((entry) => matches(entry, route)))).toEqual([]);
  expect(listed.filter((entry) => !routes.some((route) => matches(entry, route)))).toEqual([]);
  expect(listed.filter((entry) => access[entry] === 'open')).toEqual([
    'GET /healthz',
    'GET /readyz',
    'GET /ping',
    'GET /health',
    'GET /version',
    'GET /v2',
    'GET /v2/health/live',
    'GET /v2/health/ready',
    'GET /ui/sign-in',
    'POST /ui/sign-in',
    'GET /ui/start',
    'GET /ui/callback',
    'GET /ui/assets/*',
    'POST /ui/theme',
    'GET /',
  ]);
});

it('a route that the table does not name cannot be registered', async () => {
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
  expect(() => app.get('/secrets', () => 'all of them')).toThrow('GET /secrets');
  await app.close();
  await serving.stop();
});

it('each role may use the routes that it includes and no other, and without a key none is open', async () => {
  const paths = Object.entries<AccessTable[string]>(access).filter(([route]) => !route.endsWith('*'));
  for (const [route, needed] of paths) {
    const [method, path = ''] = route.split(' ') as ['GET' | 'POST' | 'PUT' | 'DELETE', string];
    const url = path.replace(':model', 'churn').replaceAll(/:\w+/g, '1');
    const anonymous = await api.app.inject({ method, url });
    if (needed === 'open') {
      if (path.endsWith('z')) expect(anonymous.statusCode, route).toBe(200);
      expect(anonymous.body).not.toContain('churn');
      continue;
    }
    if (path.startsWith('/ui') && method === 'POST') {
      expect(anonymous.statusCode, route).toBe(401);
      continue;
    }
    if (path.startsWith('/ui')) {
      expect([anonymous.statusCode, anonymous.headers['location']], route).toEqual([
        302,
        expect.stringContaining('/ui/sign-in'),
      ]);
      continue;
    }
    expect([anonymous.statusCode, anonymous.json<{ code: string }>().code], route).toEqual([
      401,
      'UNAUTHENTICATED',
    ]);
    expect(anonymous.headers['www-authenticate']).toContain('Bearer');
    if (needed === 'signed in') continue;
    for (const role of ROLES) {
      const { status } = await api.send(method, url, undefined, keys.get(role));
      const isAllowed = expandRoles([role]).includes(needed.role);
      expect([route, role, status === 403], `${status}`).toEqual([route, role, !isAllowed]);
      expect(status).not.toBe(401);
    }
  }
});

it('a key for one model sees and asks only that model', async () => {
  const limits = { models: ['upsell'] };
  const key = await makeKey(fixture.database, 'limited', ['viewer', 'predictor'], limits);
  const models = await api.send('GET', '/models', undefined, key);
  expect([models.status, models.body.models]).toEqual([200, []]);
  const serving = await api.send('GET', '/serving', undefined, key);
  expect(JSON.stringify(serving.body)).not.toContain('churn');
  const service = { feature_service: 'churn', entities: { user_id: ['u1'] } };
  const features = await api.send('POST', '/features/online', service, key);
  expect([features.status, features.body.error.code]).toEqual([403, 'FORBIDDEN']);
  const metrics = await api.send('GET', '/metrics', undefined, key);
  expect(metrics.status).toBe(403);
  const predict = await api.send('POST', '/models/churn/predict', { features: {} }, key);
  expect(predict.body.error.message).toMatch(
    /^POST \/models\/:model\/predict needs the role predictor for churn, but limited has no role there with the key tgk_[a-z0-9]{12}$/,
  );
});
