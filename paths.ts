// The files and folders of Tidegate that the code finds by path and does not import.
//
// The build replaces `import.meta.url` by the URL of the source file, so these paths are right in built code too.
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const paths = {
  /** `package.json`, which contains the version of Tidegate. */
  manifest: at('./package.json'),
  /** The program `tidegate`; the supervisor runs it to start the worker and the API. */
  program: at('./bin/tidegate.mjs'),
  /** The entry point of the workflow bundle that the worker loads, and the script that makes the bundle. */
  workflows: at('./workflows/index.ts'),
  workflowBundler: at('./worker/bundle.mjs'),
  /** The scripts that worker threads run: for computations, and for reading Parquet files. */
  computeThread: at('./activities/compute/thread.mjs'),
  parquetThread: at('./store/import/parquet/thread.mjs'),
  /** The Python sources of the trees worker. */
  python: at('./python'),
  /** The checker that is part of each proof. */
  proofChecker: at('./scripts/verify-proof.mjs'),
  /** The style sheet, the script and the icon of the console. */
  consoleAssets: at('./console/assets'),
  /** The model file that the demo applies. */
  exampleModel: at('./models/churn.ts'),
} as const;
