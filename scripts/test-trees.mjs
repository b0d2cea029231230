// Tests of models in ONNX and of the trees worker, with nothing left out: what they need is installed first.
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
