// Bundles the workflows into one file, so that workers need not do it at each start: `npm run build:workflows`.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workflowBundle } from '../worker/workflow-bundle.ts';

const target = fileURLToPath(new URL('../.build/workflow-bundle.js', import.meta.url));

const { code } = await workflowBundle();
await mkdir(dirname(target), { recursive: true });
await writeFile(target, code);

const file = relative(process.cwd(), target);
const kilobytes = Math.round(Buffer.byteLength(code) / 1_000);
console.log(`${file}: ${kilobytes} kB. To use it in a worker, set TIDEGATE_WORKFLOW_BUNDLE=${file}`);
