// The bundled workflows, made once for each state of their sources and kept between test files and runs.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowsPath } from '../../worker/options.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules/.cache/tidegate-workflows');

/** Bundles the workflows anew and gives the code, its source map included. */
export async function bundleWorkflows(): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  return code;
}

/** The file that holds the bundle of the workflows as they are now; bundling takes seconds, finding it does not. */
export async function workflowBundlePath(): Promise<string> {
  const path = join(cache, `${await digestOfSources()}.js`);
  if (existsSync(path)) return path;
  await mkdir(cache, { recursive: true });
  // Another test file may be at the same: whoever renames last wins, and both wrote the same.
  const draft = join(cache, `${randomUUID()}.draft`);
  await writeFile(draft, await bundleWorkflows());
  await rename(draft, path);
  return path;
}

/** Digest over all that can enter the bundle: what the dependency rule lets workflows import, and the packages. */
async function digestOfSources(): Promise<string> {
  const folders = ['workflows', 'domain/lifecycle'];
  const lists = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(root, folder))).sort().map((file) => join(folder, file)),
    ),
  );
  const digest = createHash('sha256');
  for (const file of [...lists.flat(), 'package-lock.json']) {
    digest.update(`${file}\n`).update(await readFile(join(root, file)));
  }
  return digest.digest('hex').slice(0, 16);
}
