// Where a compute thread starts: a thread is plain Node, so TypeScript is registered before the rest is loaded.
import { register } from 'tsx/esm/api';

register();
await import('./thread.ts');
