#!/usr/bin/env node
// Starts the command line. There is no build step to forget: what is built is built when the sources have changed.
import { load } from '../boot/load.mjs';

await load('cli/main.ts');
