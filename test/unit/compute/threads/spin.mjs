// A thread that never answers: it counts in shared memory, so that a test can see whether it still runs.
import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ input }) => {
  parentPort.postMessage({ kind: 'progress', fraction: 0.5 });
  for (;;) Atomics.add(input.counter, 0, 1);
});
