// The joined rows as they are copied: what is said of a row, and of its views, packed into a few whole numbers.
import { isClusterEntity } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { sourceFieldsOf } from '../features/select-list.ts';

/** Marks that every row has, by their place; those of the views follow. */
export const MARKS = { heldOut: 0, labelled: 1, positive: 2, assumed: 3, awaited: 4 } as const;

/** Marks of one view, by their place among its own. */
export const VIEW_MARKS = { matched: 0, hidden: 1, backfilled: 2 } as const;

const OF_ROW = Object.keys(MARKS).length;
const PER_VIEW = Object.keys(VIEW_MARKS).length;
/** Marks of one `integer`: its sign stays free. */
export const MARKS_PER_WORD = 30;

/** The place of a view's mark. */
export const viewMark = (view: number, mark: keyof typeof VIEW_MARKS): number =>
  OF_ROW + PER_VIEW * view + VIEW_MARKS[mark];

/** How many integers hold the marks of a row. */
export const markWordsOf = ({ features }: ModelDefinition): number =>
  Math.ceil((OF_ROW + PER_VIEW * features.length) / MARKS_PER_WORD);

/**
 * Selects from rows as `windowSql` gives them, in their order: entity key; cluster key, where a cluster is not the entity;
 * row time; `markWordsOf` integers; then the fields of the source columns.
 *
 * Sending a field costs Postgres, the wire and this process about as much as finding it, and a row has three marks for
 * each of its views beside its own five; as bits they cost little.
 *
 * @param statement has the columns of `windowSql`
 * @example `copy (${packedRowsSql(definition, statement)}) to stdout (format binary)`
 */
export function packedRowsSql(definition: ModelDefinition, statement: string): string {
  const fields = sourceFieldsOf(definition).map((_, index) => `field_${index}`);
  const views = definition.features.map((_, view) => view);
  const columns = [
    'entity_key',
    'cluster_key',
    'row_time',
    'held_out',
    'label',
    ...fields,
    ...views.flatMap((view) => [`matched_${view}`, `hidden_${view}`]),
    ...views.map((view) => `backfilled_${view}`),
    'label_assumed',
    'label_awaited',
  ];
  const marks = [
    'held_out',
    'label is not null',
    'label = 1',
    'label_assumed',
    'label_awaited',
    ...views.flatMap((view) => [`matched_${view}`, `hidden_${view}`, `backfilled_${view}`]),
  ];
  const selected = [
    'entity_key',
    ...(isClusterEntity(definition) ? [] : ['cluster_key']),
    'row_time',
    ...wordsSql(marks),
    ...fields,
  ];
  return `select ${selected.join(', ')} from (${statement}) joined (${columns.join(', ')})`;
}

/** One integer for each `MARKS_PER_WORD` conditions; a condition that is null does not hold. */
function wordsSql(conditions: readonly string[]): string[] {
  const words: string[] = [];
  for (let first = 0; first < conditions.length; first += MARKS_PER_WORD) {
    const bits = conditions
      .slice(first, first + MARKS_PER_WORD)
      .map((condition, bit) => `case when ${condition} then ${2 ** bit} else 0 end`);
    words.push(`(${bits.join(' + ')})`);
  }
  return words;
}
