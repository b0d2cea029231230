// Every file and folder of ours that is found by its path and not by an import.
//
// What is built from the sources keeps the address of the source it was built from, so these hold in both.
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const paths = {
  /** `package.json`, which holds the version. */
  manifest: at('./package.json'),
  /** The command line; the supervisor starts worker and API by it. */
  program: at('./bin/tidegate.mjs'),
  /** What the worker's bundle of workflows begins with, and the script that makes the bundle. */
  workflows: at('./workflows/index.ts'),
  workflowBundler: at('./worker/bundle.mjs'),
  /** Where threads start. */
  computeThread: at('./activities/compute/thread.mjs'),
  parquetThread: at('./store/import/parquet/thread.mjs'),
  /** The sources of the trees worker. */
  python: at('./python'),
  /** The model of the demo. */
  exampleModel: at('./models/churn.ts'),
} as const;
