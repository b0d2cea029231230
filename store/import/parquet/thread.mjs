// Entry of the thread that decodes Parquet. A thread runs plain Node, so this loads the code that was built from TypeScript.
import { load } from '../../../boot/load.mjs';

await load('store/import/parquet/decode-on-message.ts');
