// Reads one statement as a freeze does, in a separate process, and prints its time and peak memory.
// Arguments: the database URL and the statement.
import pg from 'pg';
import { copyRows } from '../store/postgres/copy-out.ts';
import { JOIN_SETTINGS } from '../store/join/join-plan.ts';

const [url = '', statement = ''] = process.argv.slice(2);
const client = new pg.Client({ connectionString: url });
await client.connect();
await client.query(`begin; ${JOIN_SETTINGS}`);
let rows = 0;
const before = process.cpuUsage();
const began = performance.now();
await copyRows(client, `copy (${statement}) to stdout (format binary)`, () => {
  rows += 1;
});
const seconds = (performance.now() - began) / 1000;
await client.end();
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ seconds, rows, peakMegabytes, node: (user + system) / 1e6 }));
