// Installs the ONNX runtime for tests, once and on demand, because it is too large for every `npm ci`.
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installOnnxRuntime, treesFolder } from '../../cli/local/install-python.ts';
import { lookForOnnxRuntimeIn, openOnnxRuntime } from '../../scoring/onnx-runtime.ts';

/** The data folder that tests use. */
export const TREES_DATA = fileURLToPath(new URL('../../node_modules/.cache/tidegate', import.meta.url));

const FOLDER = treesFolder(TREES_DATA);

/** Whether tests that need the runtime fail instead of being skipped if it is not available. */
export const treesRequired = process.env['TIDEGATE_TEST_TREES'] === 'required';

/**
 * Makes the runtime available to this process; installs it if necessary.
 *
 * @returns its folder; null, after writing the reason to stderr, if it is not available
 */
export async function testOnnxRuntime(): Promise<string | null> {
  lookForOnnxRuntimeIn(FOLDER);
  try {
    openOnnxRuntime();
    return FOLDER;
  } catch {
    // It is not installed yet.
  }
  await mkdir(dirname(FOLDER), { recursive: true });
  // Two test files may install it at the same time: each uses its own folder, and the first to finish is kept.
  const own = await mkdtemp(`${FOLDER}-`);
  try {
    await installOnnxRuntime(own, () => undefined);
    await rename(own, FOLDER).catch(() => undefined);
    lookForOnnxRuntimeIn(FOLDER);
    openOnnxRuntime();
    return FOLDER;
  } catch (error) {
    if (treesRequired) throw error;
    process.stderr.write(`skipping tests of ONNX models: ${(error as Error).message}\n`);
    return null;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Returns the path of a model that test/fixtures/onnx/make.py made. */
export const onnxFixture = (name: string): string =>
  join(dirname(fileURLToPath(import.meta.url)), '../fixtures/onnx', `${name}.onnx`);
