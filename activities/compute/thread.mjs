// Entry of a compute thread. Threads run plain Node, so this loads the JavaScript that was built from the TypeScript.
import { load } from '../../boot/load.mjs';

await load('activities/compute/thread.ts');
