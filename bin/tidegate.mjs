#!/usr/bin/env node
// Starts the command line. There is no separate build step: the loader rebuilds when the sources have changed.
import { load } from '../boot/load.mjs';

await load('cli/main.ts');
