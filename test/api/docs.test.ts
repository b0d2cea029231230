import { afterAll, beforeAll, expect, it } from 'vitest';
import { type App } from '../../api/context/types.ts';
import { ModelFixture, startTestApi, type TestApi } from './fixture.ts';

let fixture: ModelFixture;
let api: TestApi;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  api = await startTestApi(fixture.database);
});

afterAll(async () => {
  await api.close();
  await fixture.drop();
});

interface Operation {
  readonly summary?: string;
  readonly requestBody?: {
    readonly content: Record<
      string,
      { readonly schema: { additionalProperties?: unknown }; readonly example?: object }
    >;
  };
  readonly responses: Record<string, unknown>;
}

/** Every route that is registered in Fastify, such as `GET /models/{model}`. */
const routesOf = (app: App): string[] => {
  const routes: string[] = [];
  const parents: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const found = /^([│ ]*)[├└]── (\S*)(?: \((.*)\))?$/.exec(line);
    if (!found) continue;
    const [, indent = '', part = '', methods = ''] = found;
    const depth = indent.length / 4;
    parents.splice(depth, Infinity, part);
    const path = parents.join('').replaceAll(/:(\w+)/g, '{$1}');
    for (const method of methods.split(', '))
      if (/^(GET|POST|PUT|DELETE|PATCH)$/.test(method)) routes.push(`${method} ${path}`);
  }
  return routes;
};

const readDocs = async (): Promise<[string, Operation][]> => {
  const { body } = await api.send('GET', '/docs/json');
  const paths = body.paths as Record<string, Record<string, Operation>>;
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );
};

it('the document lists every route, and no other', async () => {
  const documented = (await readDocs()).map(([route]) => route).sort();
  const served = routesOf(api.app).filter((route) => !/ \/(docs.*|ui.*|\*)?$/.test(route));
  expect(documented).toEqual([...new Set(served)].sort());
  expect(documented).toEqual([
    'DELETE /keys/{id}',
    'DELETE /roles/{id}',
    'GET /definitions/waiting',
    'GET /floor',
    'GET /health',
    'GET /healthz',
    'GET /keys',
    'GET /metrics',
    'GET /models',
    'GET /models/{model}',
    'GET /models/{model}/follow',
    'GET /models/{model}/history',
    'GET /models/{model}/pending',
    'GET /models/{model}/reports',
    'GET /models/{model}/reports/{id}',
    'GET /models/{model}/versions',
    'GET /models/{model}/versions/{version}',
    'GET /models/{model}/versions/{version}/card',
    'GET /models/{model}/versions/{version}/comments',
    'GET /notifications',
    'GET /notifications/{id}',
    'GET /ping',
    'GET /readyz',
    'GET /roles',
    'GET /schemas/report',
    'GET /serving',
    'GET /v2',
    'GET /v2/health/live',
    'GET /v2/health/ready',
    'GET /v2/models/{model}',
    'GET /v2/models/{model}/ready',
    'GET /v2/models/{model}/versions/{version}',
    'GET /v2/models/{model}/versions/{version}/ready',
    'GET /version',
    'POST /endpoints/{model}/invocations',
    'POST /features/online',
    'POST /floor',
    'POST /get-online-features',
    'POST /invocations',
    'POST /keys',
    'POST /models',
    'POST /models/{model}/aliases',
    'POST /models/{model}/decisions',
    'POST /models/{model}/definitions/{version}/accept',
    'POST /models/{model}/definitions/{version}/refuse',
    'POST /models/{model}/description',
    'POST /models/{model}/explain',
    'POST /models/{model}/grants',
    'POST /models/{model}/invocations',
    'POST /models/{model}/materialize',
    'POST /models/{model}/monitor',
    'POST /models/{model}/onnx',
    'POST /models/{model}/predict',
    'POST /models/{model}/retire',
    'POST /models/{model}/retrain',
    'POST /models/{model}/rollback',
    'POST /models/{model}/start',
    'POST /models/{model}/stop',
    'POST /models/{model}/tags',
    'POST /models/{model}/versions',
    'POST /models/{model}/versions/{version}/break-glass',
    'POST /models/{model}/versions/{version}/comments',
    'POST /models/{model}/versions/{version}/withdraw',
    'POST /notifications/{id}/replay',
    'POST /roles',
    'POST /sign-in-links',
    'POST /v2/models/{model}/infer',
    'POST /v2/models/{model}/versions/{version}/infer',
    'PUT /accounts/{account}',
  ]);
});

it('every route describes what it does and how it fails, and no native body allows unknown fields', async () => {
  for (const [route, { summary, responses, requestBody }] of await readDocs()) {
    expect(summary, route).toBeTruthy();
    const failures = Object.keys(responses).filter((status) => !/^20[02]$/.test(status));
    expect(failures.length, route).toBeLessThan(Object.keys(responses).length);
    // The Open Inference protocol answers a server that is not ready with 400 and the usual body.
    if (!['GET /healthz', 'GET /v2/health/ready'].includes(route))
      expect(failures, route).toEqual(['4XX', '5XX']);
    const schema = requestBody?.content['application/json']?.schema;
    // Clients of other protocols send fields that only their own servers know.
    const isForeign = /invocations$|^\w+ \/v2/.test(route);
    if (requestBody && !isForeign) expect(schema?.additionalProperties, route).toBe(false);
  }
});

it('a component has no `$id`, with which the page could not resolve references', async () => {
  const { body } = await api.send('GET', '/docs/json');
  const { schemas } = body.components;
  expect(Object.keys(schemas)).toContain('Error');
  for (const schema of Object.values(schemas)) expect(Object.keys(schema)).not.toContain('$id');
});

it('the example of each body is a valid request', async () => {
  const tried: string[] = [];
  for (const [route, { requestBody }] of await readDocs()) {
    if (!requestBody) continue;
    const [method, path = ''] = route.split(' ') as ['POST' | 'PUT', string];
    const url = path.replace('{model}', 'churn').replace('{account}', 'nobody').replace('{version}', '1');
    const { body } = await api.send(method, url, requestBody.content['application/json']?.example);
    expect(body.error?.code ?? (body as { readonly code?: string }).code, route).not.toBe('INVALID_REQUEST');
    tried.push(url);
  }
  expect(tried.sort()).toEqual([
    '/accounts/nobody',
    '/endpoints/churn/invocations',
    '/features/online',
    '/floor',
    '/get-online-features',
    '/invocations',
    '/keys',
    '/models',
    '/models/churn/aliases',
    '/models/churn/decisions',
    '/models/churn/definitions/1/accept',
    '/models/churn/definitions/1/refuse',
    '/models/churn/description',
    '/models/churn/explain',
    '/models/churn/grants',
    '/models/churn/invocations',
    '/models/churn/materialize',
    '/models/churn/monitor',
    '/models/churn/predict',
    '/models/churn/retire',
    '/models/churn/retrain',
    '/models/churn/rollback',
    '/models/churn/start',
    '/models/churn/stop',
    '/models/churn/tags',
    '/models/churn/versions',
    '/models/churn/versions/1/break-glass',
    '/models/churn/versions/1/comments',
    '/models/churn/versions/1/withdraw',
    '/roles',
    '/v2/models/churn/infer',
    '/v2/models/churn/versions/1/infer',
  ]);
});

it('the root leads to the pages, and the document has one', async () => {
  const home = await api.send('GET', '/');
  expect([home.status, home.headers['location']]).toEqual([302, '/ui']);
  const page = await api.send('GET', '/ui/docs');
  expect([page.status, page.body]).toEqual([200, expect.stringContaining('swagger-ui')]);
});
