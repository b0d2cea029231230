import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { errorKinds } from '../../../domain/errors.ts';

const DOCUMENT = new URL('../../../docs/errors.md', import.meta.url);

/** The rows of the table in docs/errors.md, by code. */
const readTable = async (): Promise<Record<string, string[]>> => {
  const lines = (await readFile(DOCUMENT, 'utf8')).split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [code, ...cells] = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      return code?.startsWith('`') ? [[code.replaceAll('`', ''), cells]] : [];
    }),
  );
};

it('docs/errors.md describes exactly the codes of the error table, with the same content', async () => {
  const table = Object.fromEntries(
    Object.entries(errorKinds).map(([code, { status, retryable, remedy }]) => [
      code,
      [String(status), retryable ? 'yes' : 'no', remedy],
    ]),
  );
  expect(await readTable()).toEqual(table);
});
