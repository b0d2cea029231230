// Profiles a plain table in a separate process, and times a bare COPY of it. Started by bench/drift.ts.
import { writeFile } from 'node:fs/promises';
import { judgeWindow } from '../domain/drift/verdict.ts';
import { decodeReference } from '../domain/data/profile/profile-codec.ts';
import { copyRows } from '../store/postgres/copy-out.ts';
import { inTransaction, openDatabase, READ_SNAPSHOT } from '../store/postgres/database.ts';
import { describeQuery } from '../store/profiles/query-source.ts';
import { streamProfile } from '../store/profiles/stream-profile.ts';
import { readReference } from '../store/registry/versions.ts';
import { memoryOf } from './process-cost.ts';

const [url = '', model = '', table = '', warmUp = '', rounds = '1'] = process.argv.slice(2);
const database = openDatabase(url);

const judge = (from: string) =>
  inTransaction(
    database,
    async (client) => {
      const reference = decodeReference(await readReference(database, model, 1));
      const query = await describeQuery(client, `select * from ${from}`, reference);
      return judgeWindow(reference, await streamProfile(client, query, reference), { share: 0.05 });
    },
    READ_SNAPSHOT,
  );

const bareCopy = () =>
  inTransaction(database, async (client) => {
    const columns = await client.query(`select * from ${table} limit 0`);
    const names = columns.fields.map(({ name }) => name).join(', ');
    await copyRows(client, `copy (select ${names} from ${table}) to stdout (format binary)`, () => undefined);
  });

interface Timed {
  readonly seconds: number;
  readonly cpu: number;
}

const measure = async (work: () => Promise<unknown>): Promise<Timed> => {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1_000, cpu: (user + system) / 1e6 };
};

for (let round = 0; round < 5; round += 1) await judge(warmUp);
globalThis.gc?.();
const idle = await memoryOf('self', 'VmRSS');
await writeFile('/proc/self/clear_refs', '5');
const runs = [];
const copies = [];
for (let round = 0; round < Number(rounds); round += 1) {
  runs.push(await measure(() => judge(table)));
  copies.push(await measure(bareCopy));
}
const peak = await memoryOf('self', 'VmHWM');
const { driftedColumns } = await judge(table);
console.log(JSON.stringify({ runs, copies, idle, peak, driftedColumns }));
await database.close();
