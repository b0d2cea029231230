// The list of judgements in code and the one in docs/training.md are the same.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type Judgement, JUDGEMENTS } from '../../../domain/judgements.ts';

test('docs/training.md lists every judgement of the loop as the code does', async () => {
  const text = await readFile(new URL('../../../docs/training.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split('## What is judged, and when it is due');
  const table = section.split('\n\n').find((part) => part.startsWith('|')) ?? '';
  const [, , ...rows] = table.trim().split('\n');
  const listed = rows.map((row): Judgement => {
    const [, run, name, due, notApplicable, failed] = row.split('|').map((cell) => cell.trim());
    return { run, name, due, notApplicable, failed } as Judgement;
  });
  expect(listed).toEqual(JUDGEMENTS);
});

test('no judgement is listed twice', () => {
  expect(new Set(JUDGEMENTS.map(({ name }) => name)).size).toBe(JUDGEMENTS.length);
});
