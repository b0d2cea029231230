// Measures processor seconds and memory of processes, as counted by Linux.
import { readdir, readFile } from 'node:fs/promises';

// The kernel counts in hundredths of a second on every processor.
const TICKS_A_SECOND = 100;

/** Processor seconds used by a process and all of its children, including those that have ended. */
export async function processorSeconds(pid: number): Promise<number> {
  const all = await readStats();
  const inTree = new Set([pid]);
  for (let before = 0; before !== inTree.size;) {
    before = inTree.size;
    for (const { pid: child, parent } of all) if (inTree.has(parent)) inTree.add(child);
  }
  const ticks = all.filter((one) => inTree.has(one.pid)).reduce((sum, one) => sum + one.ticks, 0);
  return ticks / TICKS_A_SECOND;
}

/**
 * Returns a line of a process's status, in megabytes.
 *
 * @param name `VmRSS` is its current memory, `VmHWM` its peak
 */
export async function memoryOf(pid: number | 'self', name: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1_024;
}

async function readStats(): Promise<{ pid: number; parent: number; ticks: number }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats.flatMap((stat, at) => {
    // The second field is the program's name in parentheses, which may contain any character.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields.length < 15) return [];
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [{ pid: Number(pids[at]), parent: Number(fields[1]), ticks }];
  });
}
