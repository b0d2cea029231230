// A worker that cannot start ends, so that whatever keeps it alive starts it again.
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('a worker whose database does not answer says so and ends with 1', () => {
  const program = fileURLToPath(new URL('../../bin/tidegate.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [program, 'worker'], {
    cwd: tmpdir(),
    encoding: 'utf8',
    env: {
      ...process.env,
      DATABASE_URL: 'postgres://127.0.0.1:1/x',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
    },
    timeout: 120_000,
  });
  expect(stderr).toContain('DATABASE_UNREACHABLE');
  expect(status).toBe(1);
});
