// The runtime of models in ONNX for tests: installed once, on demand. It is too large to come with every `npm ci`.
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installOnnxRuntime, treesFolder } from '../../cli/local/install-python.ts';
import { lookForOnnxRuntimeIn, openOnnxRuntime } from '../../scoring/onnx-runtime.ts';

/** Stands for the data folder of tests. */
export const TREES_DATA = fileURLToPath(new URL('../../node_modules/.cache/tidegate', import.meta.url));

const FOLDER = treesFolder(TREES_DATA);

/** Whether tests that need it fail where it cannot be had, instead of being left out. */
export const treesRequired = process.env['TIDEGATE_TEST_TREES'] === 'required';

/**
 * Makes the runtime ready for this process.
 *
 * @returns the folder that holds it; null where it cannot be had, and then says why
 */
export async function testOnnxRuntime(): Promise<string | null> {
  lookForOnnxRuntimeIn(FOLDER);
  try {
    openOnnxRuntime();
    return FOLDER;
  } catch {
    // Not there yet.
  }
  await mkdir(dirname(FOLDER), { recursive: true });
  // Two test files may install at once: each in a place of its own, and the first is kept.
  const own = await mkdtemp(`${FOLDER}-`);
  try {
    await installOnnxRuntime(own, () => undefined);
    await rename(own, FOLDER).catch(() => undefined);
    lookForOnnxRuntimeIn(FOLDER);
    openOnnxRuntime();
    return FOLDER;
  } catch (error) {
    if (treesRequired) throw error;
    process.stderr.write(`tests of models in ONNX are left out: ${(error as Error).message}\n`);
    return null;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Path of one of the models that test/fixtures/onnx/make.py made. */
export const onnxFixture = (name: string): string =>
  join(dirname(fileURLToPath(import.meta.url)), '../fixtures/onnx', `${name}.onnx`);
