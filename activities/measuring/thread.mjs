// Where a thread of the monitor's steps starts: plain Node, so TypeScript is registered before the rest is loaded.
import { register } from 'tsx/esm/api';

register();
await import('./measure-on-message.ts');
