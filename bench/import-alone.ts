// Imports in a separate process and prints seconds, CPU seconds and peak memory as JSON.
import { openDatabase } from '../store/postgres/database.ts';
import { importFiles } from '../store/import/import-files.ts';

const [url = '', path = '', asOf = ''] = process.argv.slice(2);
const database = openDatabase(url);
await database.pool.query('select 1');
const start = performance.now();
const { tables } = await importFiles(database.pool, { paths: [path], asOf: new Date(asOf) });
const seconds = (performance.now() - start) / 1_000;
await database.close();
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
const cpu = (userCPUTime + systemCPUTime) / 1e6;
console.log(JSON.stringify({ seconds, cpu, peakMegabytes: maxRSS / 1024, brought: tables[0] }));
