// Files that are found by path, both from the sources and from programs that were built into another folder.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPrograms } from '../../boot/build.mjs';
import { root } from '../../boot/cache.mjs';
import { paths } from '../../paths.ts';
import manifest from '../../package.json' with { type: 'json' };

it.each(Object.entries(paths))('the path of %s exists', (_, path) => {
  expect(existsSync(path)).toBe(true);
});

describe('programs built into another folder', () => {
  let folder: string;

  beforeAll(async () => {
    // Inside the project, so that Node finds the packages.
    folder = await mkdtemp(join(root, 'node_modules/.built-'));
    await buildPrograms(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('find files of the project, such as package.json', async () => {
    const program = join(folder, 'cli/main.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [program, '--version']);
    expect(stdout.trim()).toBe(manifest.version);
  });

  it('can start a compute thread', async () => {
    const thread = new Worker(join(folder, 'activities/compute/thread.mjs'), { execArgv: [] });
    try {
      const rows = {
        labels: Uint8Array.of(0, 1, 0, 1),
        clusters: Uint32Array.of(0, 1, 2, 3),
        scores: Float64Array.of(0.1, 0.9, 0.2, 0.8),
      };
      const answered = new Promise((resolve, reject) => {
        thread.on('message', (message: { kind: string }) => {
          if (message.kind !== 'progress') resolve(message);
        });
        thread.on('error', reject);
      });
      thread.postMessage({ task: 'measurePerformance', input: { rows, seed: 1 } });
      expect(await answered).toMatchObject({ kind: 'done', result: { auc: { value: 1 } } });
    } finally {
      await thread.terminate();
    }
  });
});
