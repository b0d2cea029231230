// Installs onnxruntime-node into a folder of its own.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TidegateError } from '../../domain/errors.ts';
import { lookForOnnxRuntimeIn, ONNX_RUNTIME, openOnnxRuntime } from '../../scoring/onnx-runtime.ts';
import { runTool } from './run-tool.ts';

/**
 * Installs the runtime, unless the project or the folder has it. Its install script is not run: it fetches what only a
 * graphics card needs.
 *
 * @returns whether it was installed now
 * @throws TidegateError SERVER_FAILED with npm's last lines
 */
export async function installOnnxRuntime(folder: string, say: (text: string) => void): Promise<boolean> {
  lookForOnnxRuntimeIn(folder);
  if (isThere()) return false;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  say(`installing ${ONNX_RUNTIME.name} ${ONNX_RUNTIME.version} (about 290 MB)`);
  await runTool(
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--save-exact',
      `${ONNX_RUNTIME.name}@${ONNX_RUNTIME.version}`,
    ],
    { cwd: folder },
  );
  openOnnxRuntime();
  return true;
}

function isThere(): boolean {
  try {
    openOnnxRuntime();
    return true;
  } catch (error) {
    if (error instanceof TidegateError) return false;
    throw error;
  }
}
