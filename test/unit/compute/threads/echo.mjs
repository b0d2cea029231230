// A thread that posts the messages it was given, and after them the number of tasks that it was sent.
import { parentPort } from 'node:worker_threads';

let tasks = 0;
parentPort.on('message', ({ input }) => {
  tasks += 1;
  for (const message of input) {
    const { kind, result } = message;
    parentPort.postMessage(kind === 'done' && result === 'count' ? { kind, result: tasks } : message);
  }
});
