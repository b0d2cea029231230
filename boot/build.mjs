// Compiles our programs to plain JavaScript with source maps; installed packages are not bundled.
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './cache.mjs';

/** The entry points: the command line, which starts all processes, and the threads. */
const PROGRAMS = ['cli/main.ts', 'activities/compute/thread.ts', 'store/import/parquet/decode-on-message.ts'];

/**
 * Writes each program under its own path, with `.mjs` instead of `.ts`, and the chunks that they share.
 *
 * @param {string} folder
 * @returns {Promise<void>}
 * @throws if a source cannot be compiled
 */
export async function buildPrograms(folder) {
  await build({
    absWorkingDir: root,
    entryPoints: PROGRAMS,
    outbase: root,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'silent',
    plugins: [keepUrls],
  });
}

/**
 * Replaces `import.meta.url`, so that built code finds the files next to its source, such as migrations and scripts.
 */
export const keepUrls = {
  name: 'keep-urls',
  setup: (/** @type {import('esbuild').PluginBuild} */ { onLoad }) => {
    onLoad({ filter: /\.(ts|mjs)$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replaceAll(
        'import.meta.url',
        JSON.stringify(pathToFileURL(path).href),
      ),
      loader: path.endsWith('.ts') ? 'ts' : 'js',
    }));
  },
};
