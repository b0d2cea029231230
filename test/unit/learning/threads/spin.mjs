// A thread that never answers: it counts in shared memory, so that a test can see whether it still runs.
import { parentPort, workerData } from 'node:worker_threads';

parentPort.postMessage({ kind: 'progress', fraction: 0.5 });
for (;;) Atomics.add(workerData.counter, 0, 1);
