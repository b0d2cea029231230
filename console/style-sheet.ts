// The style sheet of all pages, from the files of assets/style in their order.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paths } from '../paths.ts';

let text: string | undefined;

/** Returns the style sheet without comments and indentation; the files are read once for each process. */
export function styleSheet(): string {
  if (text !== undefined) return text;
  const folder = join(paths.consoleAssets, 'style');
  const files = readdirSync(folder).filter((file) => file.endsWith('.css'));
  const whole = files
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  text = whole
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/\n\s*/g, '\n')
    .replaceAll(/\n+/g, '\n');
  return text;
}
