// Where a thread that decodes Parquet starts: a thread is plain Node, so this loads what was built from the TypeScript.
import { load } from '../../../boot/load.mjs';

await load('store/import/parquet/decode-on-message.ts');
