// Fits a stored matrix and prints the peak memory of a process that does nothing else: a part of bench/fit.ts.
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fitNewton } from '../domain/learning/solvers/fit-newton.ts';

const [folder = '', width = ''] = process.argv.slice(2);
const matrix = new Float64Array((await read('matrix')).buffer);
const labels = await read('labels');
const { converged } = fitNewton({ matrix, width: Number(width), labels, l2: 1 });
if (!converged) throw new Error('the fit did not converge');
// Of this process alone: what getrusage gives began with the peak of the process that started it.
const status = await readFile('/proc/self/status', 'utf8');
console.log(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_024);

/** The file's bytes, read into memory of their size and no more. */
async function read(name: string): Promise<Uint8Array> {
  const file = await open(join(folder, name));
  const bytes = new Uint8Array((await file.stat()).size);
  await file.read(bytes);
  await file.close();
  return bytes;
}
