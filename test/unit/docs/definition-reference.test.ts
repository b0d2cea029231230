// docs/definition.md agrees with the schema of a definition.
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { type DefinitionKey, definitionKeys } from '../../../scripts/definition-reference.ts';
import { referenceFile, renderReference } from '../../../scripts/write-definition-reference.ts';

describe('docs/definition.md', () => {
  let keys: DefinitionKey[];
  beforeAll(() => void (keys = definitionKeys()));

  test('lists every key with its type, default and meaning from the schema', async () => {
    const page = await readFile(referenceFile, 'utf8');
    expect(page, 'run `npm run definition-reference`').toBe(await renderReference(keys));
  });

  test('contains a meaning for every key', () => {
    const documented = keys.filter(({ path }) => !/derived\.<name>/.test(path));
    expect(documented.filter(({ meaning }) => meaning === '').map(({ path }) => path)).toEqual([]);
    expect(documented.length).toBeGreaterThan(100);
  });

  test('shows the defaults of the schema and marks required keys', () => {
    const of = (path: string) => keys.find((key) => key.path === path);
    expect(of('promotion.expiresAfter')).toMatchObject({ default: "'7 days'", required: false });
    expect(of('training.window')).toMatchObject({ default: undefined, required: true });
    expect(of('features[].columns.<name>(numeric).nullShare')).toMatchObject({ type: 'number ≥ 0, ≤ 1' });
  });
});
