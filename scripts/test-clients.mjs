// Tests the clients of other servers from PyPI against the API. Does nothing if they cannot be installed here.
import { spawnSync } from 'node:child_process';

const succeeds = (program, ...args) =>
  spawnSync(program, args, { stdio: 'ignore', timeout: 60_000 }).status === 0;

const problem = !succeeds('python3', '-c', 'import venv, sys; sys.exit(sys.version_info < (3, 9))')
  ? 'there is no python3 of version 3.9 or newer with venv'
  : !succeeds('python3', '-m', 'pip', 'index', 'versions', 'mlflow')
    ? 'the package index of Python cannot be reached'
    : undefined;

if (problem !== undefined) console.log(`skipped the clients from PyPI: ${problem}`);
else {
  const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'integration', 'test/clients'], {
    stdio: 'inherit',
    env: { ...process.env, TIDEGATE_TEST_CLIENTS: 'required' },
  });
  process.exitCode = status ?? 1;
}
