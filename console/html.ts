// Templates that escape every value: the only way in which a page is put together.

/** A piece of HTML in which all values are escaped. */
export class Html {
  readonly text: string;

  /** @param text HTML that is safe as it is; only this room makes one from a text, and never from a value of the data */
  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What a template accepts. Nothing is written for `null`, `undefined` and `false`; a list is written without separators. */
export type Value = Html | string | number | null | undefined | false | readonly Value[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Control characters that HTML does not allow, and unpaired surrogates; they are shown as the replacement character. */
const UNPRINTABLE = /[^\P{Cc}\n\r\t]|\p{Surrogate}/gu;

/** Finds texts that need a closer look; most texts do not, and this test is fast. */
const UNUSUAL = /[&<>"'`]|[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\uffff]/;

/** Escapes a text for an element or for an attribute in double quotes. @example escaped('<b>') // '&lt;b&gt;' */
export const escaped = (text: string): string =>
  UNUSUAL.test(text)
    ? text.replaceAll(/[&<>"'`]/g, (character) => ESCAPES[character]!).replaceAll(UNPRINTABLE, '\ufffd')
    : text;

/**
 * Builds HTML. A value may stand between tags or in an attribute that is in double quotes, and is escaped unless it is
 * HTML itself.
 *
 * @example html`<p title="${name}">${name}</p>`
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  const fixed = withoutIndentation(strings);
  let text = fixed[0]!;
  values.forEach((value, at) => (text += written(value) + fixed[at + 1]!));
  return new Html(text);
}

const collapsed = new WeakMap<TemplateStringsArray, readonly string[]>();

/** Line breaks and indentation of a template count as one space, as they do in a browser. */
function withoutIndentation(strings: TemplateStringsArray): readonly string[] {
  const known = collapsed.get(strings);
  if (known) return known;
  const fixed = strings.map((text) => text.replaceAll(/\s+/g, ' '));
  collapsed.set(strings, fixed);
  return fixed;
}

/** Nothing. */
export const nothing = new Html('');

/** Puts pieces together with a separator between them. @example joined(['a', 'b'], ', ') */
export const joined = (values: readonly Value[], separator: Value): Html =>
  new Html(values.map(written).join(written(separator)));

function written(value: Value): string {
  if (value instanceof Html) return value.text;
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  return value.map(written).join('');
}
