// A thread that dies without a word.
import process from 'node:process';

process.exit(3);
