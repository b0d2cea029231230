// The workflows as a worker runs them: bundled into one file, once for each state of their sources.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { paths } from '../paths.ts';
import { builtFolder, digestOfSources } from '../boot/cache.mjs';

const FILE = 'workflows.js';
const MAX_BYTES = 64 * 2 ** 20;

/** All that the dependency rule lets workflows import, and what bundles them; installed packages count anyway. */
const SOURCES = ['workflows', 'domain', 'worker'];

/**
 * The code of the workflows as they are now, its source map included. Finding it takes milliseconds. If their sources
 * have changed since it was last made, or if nothing can be kept here, it is bundled now, which takes seconds.
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

/** Bundles in a process of its own, since the memory that it takes would stay for as long as this one. */
async function bundleWorkflows(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [paths.workflowBundler, paths.workflows], {
    maxBuffer: MAX_BYTES,
  });
  return stdout;
}
