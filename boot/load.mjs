// Loads one of our programs from plain JavaScript that is built once for each state of the sources, because loading
// TypeScript file by file takes several times as long.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { builtFolder, digestOfSources, root } from './cache.mjs';

// Every folder of our sources that a program may load from. Users' models are not built: they are loaded as TypeScript.
const ROOMS = [
  'activities',
  'api',
  'boot',
  'cli',
  'console',
  'domain',
  'migrations',
  'operations',
  'scoring',
  'store',
];
const SOURCES = [...ROOMS, 'worker', 'workflows'];

/** Key under which a process passes the folder that it was loaded from to its threads. */
const FOLDER = 'tidegate:built';

/**
 * Runs a program in this process or thread. If it cannot be built here, its TypeScript is loaded directly.
 *
 * @param {string} program one of PROGRAMS in build.mjs
 * @returns {Promise<void>}
 */
export async function load(program) {
  const built = await builtProgram(program);
  if (built !== undefined) {
    // Stack traces then show the files and lines of the TypeScript sources.
    process.setSourceMapsEnabled(true);
    await import(pathToFileURL(built).href);
    return;
  }
  const { register } = await import('tsx/esm/api');
  register();
  await import(pathToFileURL(join(root, program)).href);
}

/**
 * Builds all programs if the sources have changed, and passes their folder to the threads of this process.
 *
 * @param {string} program one of PROGRAMS in build.mjs
 * @returns {Promise<string | undefined>} its built file; undefined if it cannot be built
 */
export async function builtProgram(program) {
  const file = program.replace(/\.ts$/, '.mjs');
  const loadedFrom = getEnvironmentData(FOLDER);
  if (typeof loadedFrom === 'string' && existsSync(join(loadedFrom, file))) return join(loadedFrom, file);
  try {
    const folder = await builtFolder({
      name: 'programs',
      key: digestOfSources(SOURCES),
      make: async (target) => {
        const { buildPrograms } = await import('./build.mjs');
        await buildPrograms(target);
      },
    });
    if (folder === undefined) return undefined;
    setEnvironmentData(FOLDER, folder);
    return join(folder, file);
  } catch (error) {
    // Loading the TypeScript directly reports errors in the sources better.
    if (process.env['TIDEGATE_DEBUG']) process.stderr.write(`not built: ${String(error)}\n`);
    return undefined;
  }
}
