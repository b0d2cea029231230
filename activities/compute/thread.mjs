// Where a compute thread starts: a thread is plain Node, so this loads what was built from the TypeScript.
import { load } from '../../boot/load.mjs';

await load('activities/compute/thread.ts');
