// Joins the window of bench:join as a freeze does, but without storing it, in a separate process; prints time, processor
// seconds, peak memory and the digest of the rows. Arguments: the database URL, and `merge` or `postgres`.
import { digestName, digestOfDataset } from '../store/datasets/chunk-digests.ts';
import { DatasetTable } from '../store/datasets/dataset-table.ts';
import { chunkRowsFor, joinChunks, planWindowJoin } from '../store/datasets/join-chunks.ts';
import { MERGE_LIMITS } from '../store/join/merge/choose-merged-views.ts';
import { openDatabase } from '../store/postgres/database.ts';
import { inSnapshot } from '../store/postgres/snapshot.ts';
import { definition, WINDOW } from './join-model.ts';

const [url = '', method] = process.argv.slice(2);
const database = openDatabase(url);
const [from, to, known] = WINDOW;
// All four views fit into a GiB; a worker merges less at once.
const limits = { ...MERGE_LIMITS, maxBytes: 2 ** 30, ...(method === 'postgres' && { minRows: Infinity }) };
const window = { from: new Date(from), to: new Date(to) };
const before = process.cpuUsage();
const began = performance.now();
const planned = await planWindowJoin(database.pool, definition, window, known, limits);
const wanted = method === 'postgres' ? 0 : definition.features.length;
if ((planned.merge?.views.length ?? 0) !== wanted)
  throw new Error('the views are not joined as they should be');
const table = new DatasetTable(definition, chunkRowsFor(definition));
const digests: string[] = [];
await inSnapshot(database, (client) =>
  joinChunks(
    client,
    { join: planned, table },
    () => Promise.resolve(),
    (chunks) => void digests.push(...chunks.map(digestName)),
  ),
);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(before);
await database.close();
const peakMegabytes = process.resourceUsage().maxRSS / 1024;
const digest = digestOfDataset(table, digests);
console.log(
  JSON.stringify({ seconds, rows: table.rows, peakMegabytes, node: (user + system) / 1e6, digest }),
);
