// Measures drift of stored reports in a separate process, as a worker would. Started by bench/drift.ts.
import { writeFile } from 'node:fs/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { type ActivityDeps, type ReportRef } from '../activities/deps.ts';
import { driftActivities } from '../activities/measure-drift.ts';
import { openDatabase } from '../store/postgres/database.ts';
import { memoryOf } from './process-cost.ts';

const [url = '', warmUp = '', ...reports] = process.argv.slice(2);
const database = openDatabase(url);
const environment = new MockActivityEnvironment();
// The step only uses Postgres.
const step = driftActivities({ database } as ActivityDeps);

const measure = async (reportId: number) => {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await environment.run((input: ReportRef) => step.measureDrift(input), { reportId });
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1_000, cpu: (user + system) / 1e6 };
};

for (let round = 0; round < 5; round += 1) await measure(Number(warmUp));
globalThis.gc?.();
const idle = await memoryOf('self', 'VmRSS');
// Resets the peak memory of the process.
await writeFile('/proc/self/clear_refs', '5');
const runs = [];
for (const report of reports) runs.push(await measure(Number(report)));
console.log(JSON.stringify({ runs, idle, peak: await memoryOf('self', 'VmHWM') }));
await database.close();
