// Materialises in a process of its own, says how far it is, and after some batches waits to be killed.
import { getDefinition } from '../../store/definitions/definitions.ts';
import { openDatabase } from '../../store/postgres/database.ts';
import { materialize } from '../../store/online/materialize.ts';

const [url, model, asOf, batchSize, batches] = process.argv.slice(2);
const database = openDatabase(url);
let done = 0;
await materialize(database, {
  source: await getDefinition(database, model),
  asOf: new Date(asOf),
  scope: { kind: 'full' },
  batchSize: Number(batchSize),
  onProgress() {
    done += 1;
    if (done < Number(batches)) return;
    process.send?.('stopped');
    // Held here, in the middle of the run, until the signal comes.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
