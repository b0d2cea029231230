// Materializes in a separate process, and after some batches reports that and waits to be killed.
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
    // Block here, in the middle of the run, until the process is killed.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
