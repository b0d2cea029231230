// The commands of the registry against an API that listens: tags, aliases, comments, stops, withdrawal and history.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Output } from '../../cli/output/output.ts';
import { buildProgram } from '../../cli/program.ts';
import { readConfig } from '../../cli/shared/config.ts';
import { ModelFixture, startTestApi, type TestApi } from '../api/fixture.ts';
import { writeEvidence } from '../../store/registry/evidence.ts';

let fixture: ModelFixture;
let api: TestApi;
let url: string;

beforeAll(async () => {
  fixture = await ModelFixture.create();
  await fixture.release(0);
  await fixture.stage(await fixture.register(1));
  await writeEvidence(fixture.database, {
    model: 'churn',
    version: 2,
    championVersion: 1,
    body: { model: 'churn', version: 2, summary: 'better', requestedBy: 'bo' },
    expiresAt: new Date('2100-01-01Z'),
  });
  api = await startTestApi(fixture.database);
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await api.close();
  await fixture.drop();
});

async function tidegate(...args: string[]): Promise<string> {
  let printed = '';
  const stream = { write: (text: string) => (printed += text) };
  const config = () =>
    readConfig({ DATABASE_URL: fixture.database.url, TIDEGATE_API_URL: url, TIDEGATE_API_KEY: api.key });
  const program = buildProgram({ config, output: new Output({ stdout: stream, stderr: stream }) });
  await program.parseAsync(args, { from: 'user' });
  return printed;
}

it('tags, aliases and comments are set and shown', async () => {
  expect(await tidegate('tag', 'churn', '--set', 'team=growth', '--set', 'owner=ada')).toContain('growth');
  expect(await tidegate('tag', 'churn', '--unset', 'owner', '--description', 'who leaves')).toMatch(
    /^who leaves\ntag +value\nteam +growth\n$/,
  );
  await tidegate('tag', 'churn', '--of', '2', '--set', 'trial=yes');
  expect(await tidegate('alias', 'churn', 'shadow', '2')).toMatch(
    /champion +v1\n.*challenger +v2\nshadow +v2/,
  );
  await expect(tidegate('alias', 'churn', 'champion', '2')).rejects.toThrow('follows the stages');
  await expect(tidegate('tag', 'churn')).rejects.toThrow('nothing to set');
  expect(await tidegate('comment', 'churn', '2', 'looks good\napproved by root')).toMatch(
    /commented on version 2/,
  );
  const { versions } = JSON.parse(await tidegate('versions', 'churn', '--json')) as { versions: object[] };
  expect(versions).toMatchObject([
    {
      version: 2,
      tags: { trial: 'yes' },
      aliases: ['challenger', 'shadow'],
      lineage: { dataset: { id: 1 } },
    },
    { version: 1, aliases: ['champion'] },
  ]);
});

it('predictions are stopped and started by a person with a reason', async () => {
  expect(await tidegate('stop-serving', 'churn', '--reason', 'complaints')).toMatch(
    /^churn answers no predictions: stopped by .+ at .+: complaints\n$/,
  );
  const now = new Date().toISOString();
  expect(await tidegate('audit', 'at', now, 'churn')).toMatch(
    /version 1, since .* approved by .*\non evidence [0-9a-f]{64}\napprove by .*\npredictions were stopped at .*: complaints/s,
  );
  expect(await tidegate('start-serving', 'churn', '--reason', 'found')).toContain(
    'churn answers predictions',
  );
  expect(await tidegate('start-serving', 'churn', '--reason', 'again')).toContain(
    'already answers predictions',
  );
  expect(await tidegate('audit', 'at', '2020-01-01', 'churn')).toContain('no version was in Production');
  await expect(tidegate('audit', 'at', '2999-01-01', 'churn')).rejects.toThrow('lies in the future');
});

it('a decision reads what it is about through the API, and says why a version does not wait', async () => {
  await expect(tidegate('approve', 'churn', '1')).rejects.toThrow(/^version 1 was approved by .+ at /);
  await expect(tidegate('approve', 'churn', '9')).rejects.toThrow('churn has no version 9');
});

it('a version that waits is withdrawn', async () => {
  expect(await tidegate('withdraw', 'churn', '2', '--reason', 'wrong fees')).toBe(
    'version 2 of churn is withdrawn; its release ends\n',
  );
  await expect(tidegate('withdraw', 'churn', '1', '--reason', 'x')).rejects.toThrow('is in Production');
});
