// Where a thread that decodes Parquet starts: a thread is plain Node, so TypeScript is registered before the rest is loaded.
import { register } from 'tsx/esm/api';

register();
await import('./decode-on-message.ts');
