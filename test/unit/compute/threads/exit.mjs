// A thread that dies without a word when it is given work.
import process from 'node:process';
import { parentPort } from 'node:worker_threads';

parentPort.on('message', () => process.exit(3));
