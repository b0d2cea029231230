// What `apply` and `features describe` say of a view that other models declare too.
import { type Difference, valueInWords } from '../../domain/model/differences.ts';
import { type SharedView, type ViewUse } from '../../store/registry/shared-views.ts';

const MOST_DIFFERENCES = 5;

/**
 * Who shares a view, and who declares another by its name; no line where no other model has it.
 *
 * @example sharedViewLines(shared) // ['view usage is shared with upsell']
 */
export function sharedViewLines({ view, uses }: SharedView): string[] {
  const sharing = uses.filter(({ differences }) => differences.length === 0).map(({ model }) => model);
  const differing = uses.filter(({ differences }) => differences.length > 0);
  return [
    ...(sharing.length > 0 ? [`view ${view} is shared with ${sharing.join(', ')}`] : []),
    ...differing.map((use) => inWords(view, use)),
  ];
}

function inWords(view: string, { model, definitionVersion, differences, agreedUntil }: ViewUse): string {
  const more =
    differences.length > MOST_DIFFERENCES ? ` and ${differences.length - MOST_DIFFERENCES} more` : '';
  const fields = differences.slice(0, MOST_DIFFERENCES).map(fieldInWords).join(', ');
  const moved =
    agreedUntil === null
      ? 'it keeps that until it is applied again'
      : `it said the same as here up to definition ${agreedUntil}, so this declaration may be an old one`;
  return `warning: ${model} (definition ${definitionVersion}) declares view ${view} otherwise: ${fields}${more}; ${moved}`;
}

const fieldInWords = ({ at, before, now }: Difference): string =>
  `${at} is ${valueInWords(before)} there and ${valueInWords(now)} here`;
