// Builds what threads load, once for each process of the tests. Without it, every thread would digest all sources to find
// out whether they have changed since the last build.
import { builtProgram } from '../../boot/load.mjs';

await builtProgram('activities/compute/thread.ts');
