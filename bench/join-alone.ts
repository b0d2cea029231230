// One statement read as a freeze reads it, in a process of its own: how long it took, and the memory at its peak.
// Arguments: the address of the database, and the statement.
import pg from 'pg';
import { copyRows } from '../store/postgres/copy-out.ts';
import { JOIN_SETTINGS } from '../store/join/join-plan.ts';

const [url = '', statement = ''] = process.argv.slice(2);
const client = new pg.Client({ connectionString: url });
await client.connect();
await client.query(`begin; ${JOIN_SETTINGS}`);
let rows = 0;
const began = performance.now();
await copyRows(client, `copy (${statement}) to stdout (format binary)`, () => {
  rows += 1;
});
const seconds = (performance.now() - began) / 1000;
await client.end();
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ seconds, rows, peakMegabytes }));
