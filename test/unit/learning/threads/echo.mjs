// A thread that posts the messages it was given.
import { parentPort, workerData } from 'node:worker_threads';

for (const message of workerData) parentPort.postMessage(message);
