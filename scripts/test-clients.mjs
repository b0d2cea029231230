// Tests the API with programs from PyPI: clients of other servers, or schemathesis. Does nothing if they cannot be installed here.
//
// usage: node scripts/test-clients.mjs clients|schemathesis
import { spawnSync } from 'node:child_process';

/** For each suite, a package that must be found, the test file, and the variable without which the file is skipped. */
const SUITES = {
  clients: ['mlflow', 'test/clients/real-clients.test.ts', 'TIDEGATE_TEST_CLIENTS'],
  schemathesis: ['schemathesis', 'test/clients/schemathesis.test.ts', 'TIDEGATE_TEST_SCHEMATHESIS'],
};

const [found, file, variable] = SUITES[process.argv[2] === 'schemathesis' ? 'schemathesis' : 'clients'];

/** Whether a call of Python succeeds. */
const python = (/** @type {string[]} */ ...args) =>
  spawnSync('python3', args, { stdio: 'ignore', timeout: 60_000 }).status === 0;

const hasPython = python('-c', 'import venv, sys; sys.exit(sys.version_info < (3, 9))');
if (!hasPython) console.log(`skipped ${file}: there is no python3 of version 3.9 or newer with venv`);
else if (!python('-m', 'pip', 'index', 'versions', found))
  console.log(`skipped ${file}: the package index of Python cannot be reached, or does not have ${found}`);
else {
  const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'integration', file], {
    stdio: 'inherit',
    env: { ...process.env, [variable]: 'required' },
  });
  process.exitCode = status ?? 1;
}
