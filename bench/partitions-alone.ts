// Profiles parts and measures reports on request in a separate process, as a worker would. Started by bench/partitions.ts.
import { readFile, writeFile } from 'node:fs/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { type ActivityDeps, type ReportRef } from '../activities/deps.ts';
import { driftActivities } from '../activities/measure-drift.ts';
import { type PartRef, profilePartActivities } from '../activities/profile-part.ts';
import { openDatabase } from '../store/postgres/database.ts';
import { type AloneAnswer, type AloneTask } from './partition-tasks.ts';

const database = openDatabase(process.argv[2] ?? '');
const environment = new MockActivityEnvironment();
// The steps only use Postgres.
const deps = { database } as ActivityDeps;
const judging = driftActivities(deps);
const counting = profilePartActivities(deps);

await database.pool.query('select 1');
globalThis.gc?.();
const idle = await memory('VmRSS');
// Resets the peak memory of the process.
await writeFile('/proc/self/clear_refs', '5');

process.on('message', (task: AloneTask) => void answer(task));
process.send?.('ready');

async function answer(task: AloneTask): Promise<void> {
  if (task.step === 'profile') await environment.run((part: PartRef) => counting.profilePart(part), task);
  if (task.step === 'judge')
    await environment.run((report: ReportRef) => judging.measureDrift(report), { reportId: task.reportId });
  process.send?.({ idle, peak: await memory('VmHWM') } satisfies AloneAnswer);
  if (task.step !== 'end') return;
  await database.close();
  process.disconnect();
}

/** Returns a line of the process's status, in megabytes. */
async function memory(name: string): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1_024;
}
