// The few components of which pages are made.
import { html, Html, nothing, type Value } from '../html.ts';

/** What a status asks of the reader: nothing, a look, a decision, or help now; and what went well. */
export type Tone = 'quiet' | 'good' | 'wait' | 'alarm' | 'now';

/** A status in words; its colour repeats what the words say. */
export const tag = (tone: Tone, words: Value): Html => html`<span class="tag ${tone}">${words}</span>`;

/** Whether something passed, for rules and checks. */
export type Outcome = 'passed' | 'failed' | 'warned' | 'not applicable' | 'recorded';

const SIGNS: Readonly<Record<Outcome, readonly [string, string]>> = {
  passed: ['ok', '✓'],
  failed: ['no', '✕'],
  warned: ['warn', '!'],
  'not applicable': ['na', '–'],
  recorded: ['na', '·'],
};

/** The sign of an outcome, with the word for those who do not see it. */
export function sign(outcome: Outcome): Html {
  const [style, character] = SIGNS[outcome];
  return html`<span class="sign ${style}"
    ><span aria-hidden="true">${character}</span><span class="hidden">${outcome}</span></span
  >`;
}

/** A column of a table. */
export interface Column {
  readonly name: Value;
  /** Numbers are aligned to the right. */
  readonly number?: boolean;
  /** Left out on narrow screens. */
  readonly wide?: boolean;
}

/** A table; on narrow screens it scrolls inside its sheet, and never the page. */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Value[])[],
  options: {
    /** A class for each row. */
    readonly tones?: readonly (string | undefined)[];
    /** Whether the first column is no name of its row. */
    readonly plainFirst?: boolean;
  } = {},
): Html {
  const { tones = [], plainFirst = false } = options;
  const classOf = ({ number, wide }: Column): string =>
    [number && 'n', wide && 'wide'].filter(Boolean).join(' ');
  return html`<div class="sheet scroll" tabindex="0" role="region" aria-label="Table: ${caption}">
    <table>
      <caption class="hidden">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col" class="${classOf(column)}">${column.name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells, row) =>
            html`<tr${tones[row] === undefined ? '' : html` class="${tones[row]}"`}>${cells.map((cell, at) =>
              at === 0 && !plainFirst
                ? html`<th scope="row" class="${classOf(columns[at]!)}">${cell}</th>`
                : html`<td class="${classOf(columns[at]!)}">${cell}</td>`,
            )}</tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A number that matters, with what it is and how sure it is. */
export interface Figure {
  readonly name: Value;
  readonly value: Value;
  readonly note?: Value;
}

/** A few numbers in a row. */
export const figures = (each: readonly Figure[]): Html =>
  html`<dl class="figures">
    ${each.map(
      ({ name, value, note }) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}${note !== undefined && html`<small>${note}</small>`}</dd>
        </div>`,
    )}
  </dl>`;

/** Names with their values, one pair in a line. */
export const facts = (pairs: readonly (readonly [Value, Value])[]): Html =>
  html`<dl class="facts">
    ${pairs.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;

/** A message about what just happened, or about what is wrong. */
export const notice = (tone: 'good' | 'wait' | 'alarm' | 'quiet', body: Value): Html =>
  html`<div class="notice ${tone}" ${tone === 'alarm' ? html` role="alert"` : html` role="status"`}>
    ${body}
  </div>`;

/** What stands where nothing is: why it is empty, and what fills it. */
export const empty = (why: Value, what: Value = nothing): Html =>
  html`<div class="sheet empty">
    <p>${why}</p>
    ${what instanceof Html && what.text === '' ? '' : html`<p>${what}</p>`}
  </div>`;

/** A picture with its name and a sentence. */
export const figure = (name: Value, picture: Html, words: Value): Html =>
  html`<figure class="sheet">
    <h3>${name}</h3>
    ${picture}
    <figcaption>${words}</figcaption>
  </figure>`;

/** A part of a page. Its parts with the same id are replaced when something changed, if `live`. */
export const section = (
  name: Value,
  id: string,
  body: Value,
  { live = false, note }: { live?: boolean; note?: Value } = {},
): Html =>
  html`<section id="${id}" ${live ? html` data-part` : ''} aria-labelledby="${id}-name">
    <h2 id="${id}-name">${name}</h2>
    ${note !== undefined && html`<p class="sub">${note}</p>`}${body}
  </section>`;
