#!/usr/bin/env node
// Starts the command line; TypeScript is loaded as it is, so there is no build step to forget.
import { register } from 'tsx/esm/api';

register();
await import('../cli/main.ts');
