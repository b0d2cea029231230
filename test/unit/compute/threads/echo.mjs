// A thread that posts the messages of each task, and after them the number of tasks it has received.
import { parentPort } from 'node:worker_threads';

let tasks = 0;
parentPort.on('message', ({ input }) => {
  tasks += 1;
  for (const message of input) {
    const { kind, result } = message;
    parentPort.postMessage(kind === 'done' && result === 'count' ? { kind, result: tasks } : message);
  }
});
