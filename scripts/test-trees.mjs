// Runs all tests of ONNX models and of the trees worker, after installing what they need.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync(
  'npx',
  ['vitest', 'run', 'test/trees', 'test/activities/import-version.test.ts'],
  {
    stdio: 'inherit',
    env: { ...process.env, TIDEGATE_TEST_TREES: 'required' },
  },
);
process.exitCode = status ?? 1;
