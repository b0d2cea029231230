// Where a thread starts that scores out of fold: a thread is plain Node, so TypeScript is registered before the rest is loaded.
import { register } from 'tsx/esm/api';

register();
await import('./out-of-fold-on-message.ts');
