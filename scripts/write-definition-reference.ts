// Writes docs/definition.md, the reference of every key of a model file: `npm run definition-reference`.
import { writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { type DefinitionKey, definitionKeys } from './definition-reference.ts';

/** The generated page. */
export const referenceFile = new URL('../docs/definition.md', import.meta.url);

const INTRODUCTION = `# The definition of a model

Every key of a model file, with its type, default and meaning. This page is generated from the schema
(\`npm run definition-reference\`), and a test fails if the two differ. [models/churn.ts](../models/churn.ts) is the worked
example; [features.md](features.md), [training.md](training.md) and [statistics.md](statistics.md) explain the ideas.

A duration is a text such as \`'6 hours'\`, \`'45 days'\`, \`'1 month'\` or \`'1 year'\`. A key without a default may be left out unless it is
required.`;

const COLUMN = 'features[].columns.<name>';
const VIEW_DERIVED = 'features[].derived.<name>';
const MODEL_DERIVED = 'derived.<name>';

/** Renders the page as Markdown. */
export function renderReference(keys: readonly DefinitionKey[]): Promise<string> {
  const columns = keys.filter(({ path }) => path.startsWith(`${COLUMN}(`));
  const columnOptions = new Set(columns.map((key) => ownPath(key, COLUMN)));
  const derived = keys.filter(
    (key) => key.path.startsWith(`${MODEL_DERIVED}(`) && !isOption(key, columnOptions),
  );
  const plain = keys.filter(
    ({ path }) => ![COLUMN, VIEW_DERIVED, MODEL_DERIVED].some((record) => path.startsWith(`${record}(`)),
  );
  const sections = [...new Set(plain.map(({ path }) => path.split(/[.[]/)[0] as string))].map((top) =>
    [
      `## \`${top}\``,
      table(plain.filter(({ path }) => path.split(/[.[]/)[0] === top).map((key) => row(key, key.path))),
      ...(top === 'features' ? ['### Columns of a view', table(merged(columns, COLUMN))] : []),
      ...(top === 'derived'
        ? [
            '### Derived columns',
            `They are written under \`derived\` of the model or of a view, and also accept the options of a column that has the type of their result.`,
            table(merged(derived, MODEL_DERIVED)),
          ]
        : []),
    ].join('\n\n'),
  );
  return format([INTRODUCTION, ...sections].join('\n\n'), { parser: 'markdown', printWidth: 110 });
}

const isOption = (key: DefinitionKey, options: ReadonlySet<string>): boolean => {
  const path = ownPath(key, MODEL_DERIVED);
  return path !== 'type' && options.has(path);
};

/** The path of a key inside a record, without the kind: `drift.weight`. */
const ownPath = ({ path }: DefinitionKey, record: string): string =>
  path.slice(record.length).replace(/^\([^)]*\)\./, '');

const kindOf = ({ path }: DefinitionKey, record: string): string =>
  /^\(([^)]*)\)/.exec(path.slice(record.length))?.[1] ?? '';

/** Merges rows that several kinds have in common into one row that lists these kinds. */
function merged(keys: readonly DefinitionKey[], record: string): string[] {
  const lines = new Map<string, { key: DefinitionKey; kinds: string[] }>();
  for (const key of keys) {
    const path = ownPath(key, record);
    const same = [path, path === 'operator' ? '' : key.type, key.default, key.meaning].join('|');
    const line = lines.get(same) ?? { key, kinds: [] };
    line.kinds.push(kindOf(key, record));
    lines.set(same, line);
  }
  const all = new Set(keys.map((key) => kindOf(key, record))).size;
  return [...lines.values()]
    .filter(({ key }) => !['operator', 'type'].includes(ownPath(key, record)))
    .map(({ key, kinds }) => {
      const of = kinds.length === all ? 'any' : kinds.map((kind) => `\`${kind}\``).join(', ');
      return `| \`${ownPath(key, record)}\` | ${of} | ${typeCell(key)} | ${defaultCell(key)} | ${meaningOf(key, record)} |`;
    });
}

const meaningOf = (key: DefinitionKey, record: string): string =>
  key.meaning || (ownPath(key, record) === 'inputs' ? 'Names of the columns that are read.' : '');

const row = (key: DefinitionKey, path: string): string =>
  `| \`${path}\` | ${typeCell(key)} | ${defaultCell(key)} | ${key.meaning} |`;

const typeCell = ({ type }: DefinitionKey): string => `\`${type}\``;

const defaultCell = (key: DefinitionKey): string => {
  if (key.default !== undefined) return `\`${key.default}\``;
  return key.required ? 'required' : '–';
};

function table(rows: readonly string[]): string {
  const columns = (rows[0]?.match(/(?<!\\)\|/g)?.length ?? 0) - 1;
  const head =
    columns === 5 ? '| key | column | type | default | meaning |' : '| key | type | default | meaning |';
  return [head, `|${' --- |'.repeat(columns)}`, ...rows].join('\n');
}

if (process.argv[1]?.endsWith('write-definition-reference.ts')) {
  await writeFile(referenceFile, await renderReference(definitionKeys()));
}
