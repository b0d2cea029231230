// Where what trees and models in ONNX need is installed: beside the data, and not in the project.
import { join } from 'node:path';

/** The folder of the runtime and of Python's environment. @example treesFolder('.tidegate') // '.tidegate/trees' */
export const treesFolder = (dataDir: string): string => join(dataDir, 'trees');

/** Python of the environment. */
export const treesPython = (dataDir: string): string =>
  process.platform === 'win32'
    ? join(treesFolder(dataDir), 'venv', 'Scripts', 'python.exe')
    : join(treesFolder(dataDir), 'venv', 'bin', 'python');
