// Memory of this process, as Linux counts it.
import { readFile } from 'node:fs/promises';

/** A line of the process's status in megabytes. @example await processMemory('VmHWM') // the most so far */
export async function processMemory(name: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1_024;
}
