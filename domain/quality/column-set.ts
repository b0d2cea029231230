// Columns that came or went since the champion was trained.
import { type FeatureReference } from '../drift/feature-reference.ts';
import { type Finding } from './finding.ts';
import { type WindowFacts } from './window-facts.ts';

/**
 * Columns that only one side has. Information where the definition was changed since, as it then says so itself; a
 * warning for a column that is gone otherwise.
 */
export function columnSet(
  { columns, definitionChanged }: WindowFacts,
  reference: FeatureReference,
): Finding[] {
  const now = new Set(columns.map(({ name }) => name));
  const before = new Set(reference.columns.map(({ name }) => name));
  const gone = reference.columns.flatMap(({ name }): Finding[] =>
    now.has(name) ? [] : [vanished(name, definitionChanged)],
  );
  const come = columns.flatMap(({ name, table }): Finding[] =>
    before.has(name) ? [] : [extra(name, table)],
  );
  return [...gone, ...come];
}

const vanished = (column: string, definitionChanged: boolean): Finding => ({
  name: 'vanished-column',
  column,
  table: null,
  severity: definitionChanged ? 'info' : 'warn',
  evidence: {},
  violation: 'missing_column_check',
  words: definitionChanged
    ? 'the champion reads it, and the newest definition does not'
    : 'the champion reads it, and the window does not have it',
  advice: definitionChanged
    ? 'Nothing to do: the next version is trained without it.'
    : 'Look where the column went; the champion takes it for missing.',
});

const extra = (column: string, table: string | null): Finding => ({
  name: 'extra-column',
  column,
  table,
  severity: 'info',
  evidence: {},
  violation: 'extra_column_check',
  words: 'the champion does not read it, so it is compared with nothing',
  advice: 'Nothing to do: the next version is trained with it.',
});
