// Fits a stored matrix in a separate process and prints its peak memory. Started by bench/fit.ts.
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fitNewton } from '../domain/learning/solvers/fit-newton.ts';

const [folder = '', width = ''] = process.argv.slice(2);
const matrix = new Float64Array((await read('matrix')).buffer);
const labels = await read('labels');
const { converged } = fitNewton({ matrix, width: Number(width), labels, l2: 1 });
if (!converged) throw new Error('the fit did not converge');
// VmHWM is the peak of this process only; getrusage would start with the peak of the parent process.
const status = await readFile('/proc/self/status', 'utf8');
console.log(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_024);

/** Reads a file into memory of exactly its size. */
async function read(name: string): Promise<Uint8Array> {
  const file = await open(join(folder, name));
  const bytes = new Uint8Array((await file.stat()).size);
  await file.read(bytes);
  await file.close();
  return bytes;
}
