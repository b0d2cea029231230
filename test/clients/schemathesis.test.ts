// Requests that schemathesis from PyPI makes of the OpenAPI document: none is answered by a fault of the server.
//
// `npm run test:schemathesis` runs it, and needs Python and its package index as `npm run test:clients` does.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelFixture, startTestApi, type TestApi } from '../api/fixture.ts';

const run = promisify(execFile);
const isRequired = process.env['TIDEGATE_TEST_SCHEMATHESIS'] === 'required';

/**
 * Routes that are left out. This API has no Temporal, which the first need, so a valid request is answered with 503. The others
 * would stop the model, or take the roles away from the key that sends the requests.
 */
const LEFT_OUT =
  '/(follow|decisions|monitor|retrain|materialize|rollback|retire|withdraw|onnx|accept|refuse)$|^/models/\\{model\\}/versions$|^/models$' +
  '|/(stop|start)$|^/(accounts|roles|keys)';

/** Names a model and a version that exist, so that requests are not all answered with 404. */
const CONFIG = '[parameters]\n"path.model" = "churn"\n"path.version" = 1\n';

describe.skipIf(!isRequired)('schemathesis', () => {
  let folder: string;
  let fixture: ModelFixture;
  let api: TestApi;

  beforeAll(async () => {
    folder = process.env['TIDEGATE_CLIENTS_FOLDER'] ?? (await mkdtemp(join(tmpdir(), 'tidegate-clients-')));
    fixture = await ModelFixture.create();
    await fixture.release(0);
    api = await startTestApi(fixture.database);
    await api.app.listen({ host: '127.0.0.1', port: 0 });
  });

  afterAll(async () => {
    await api.close();
    await fixture.drop();
    if (process.env['TIDEGATE_CLIENTS_FOLDER'] === undefined)
      await rm(folder, { recursive: true, force: true });
  });

  it('finds no request that the server cannot answer', { timeout: 1_200_000 }, async () => {
    const environment = join(folder, 'schemathesis');
    const python = join(environment, 'bin', 'python');
    if (!existsSync(python)) {
      await run('python3', ['-m', 'venv', environment]);
      await run(python, ['-m', 'pip', 'install', '--quiet', 'schemathesis==4.32.5'], { timeout: 600_000 });
    }
    const config = join(folder, 'schemathesis.toml');
    await writeFile(config, CONFIG);
    const url = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
    const { stdout } = await run(
      join(environment, 'bin', 'schemathesis'),
      [
        ...[
          '--config-file',
          config,
          'run',
          `${url}/docs/json`,
          '--header',
          `Authorization: Bearer ${api.key}`,
        ],
        ...['--checks', 'not_a_server_error', '--request-timeout', '20', '--seed', '1'],
        ...['--max-examples', process.env['TIDEGATE_SCHEMATHESIS_EXAMPLES'] ?? '50'],
        ...[
          '--exclude-path-regex',
          LEFT_OUT,
          '--exclude-method',
          'DELETE',
          '--phases',
          'examples,coverage,fuzzing',
          '--no-color',
        ],
      ],
      { cwd: folder, timeout: 1_100_000, maxBuffer: 64 * 1024 * 1024 },
    ).catch((error: unknown) => {
      throw new Error(String((error as { stdout?: string }).stdout).slice(-8_000));
    });
    const [, tested = 0, passed = 0] = /(\d+) generated, (\d+) passed/.exec(stdout) ?? [];
    expect(Number(tested)).toBeGreaterThan(100);
    expect(passed).toBe(tested);
  });
});
