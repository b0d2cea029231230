// A worker that cannot start exits, so that its process manager can start it again.
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('a worker whose database does not answer reports that and exits with code 1', () => {
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
