// Bundles the workflows into one file, once for each state of their sources.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { paths } from '../paths.ts';
import { builtFolder, digestOfSources } from '../boot/cache.mjs';

const FILE = 'workflows.js';
const MAX_BYTES = 64 * 2 ** 20;

/** Folders whose sources can affect the bundle; installed packages are always included in the digest. */
const SOURCES = ['workflows', 'domain', 'worker'];

/**
 * Returns the code of the current workflows, with its source map. A cached bundle is found in milliseconds. If the
 * sources have changed, or if nothing can be cached here, the workflows are bundled now, which takes seconds.
 *
 * @example const worker = await Worker.create({ ...options, workflowBundle: await workflowBundle() });
 */
export async function workflowBundle(): Promise<{ readonly code: string }> {
  const folder = await builtFolder({
    name: 'workflows',
    key: digestOfSources(SOURCES),
    make: async (draft) => writeFile(join(draft, FILE), await bundleWorkflows()),
  });
  return {
    code: folder === undefined ? await bundleWorkflows() : await readFile(join(folder, FILE), 'utf8'),
  };
}

/** Bundles in a separate process, because its memory would otherwise never be freed. */
async function bundleWorkflows(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [paths.workflowBundler, paths.workflows], {
    maxBuffer: MAX_BYTES,
  });
  return stdout;
}
