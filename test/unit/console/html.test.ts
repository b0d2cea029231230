// Templates: whatever a value contains, it stays text.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html, Html, joined } from '../../../console/html.ts';

/** Pieces of which attacks are made, in any order. */
const PIECES = [
  '<script>alert(1)</script>',
  '</title><script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '`',
  '<!--',
  '-->',
  ']]>',
  '</textarea>',
  '</style>',
  '<svg onload=alert(1)>',
  '&lt;script&gt;',
  '&#60;script&#62;',
  'javascript:alert(1)',
  '{{constructor.constructor("alert(1)")()}}',
  '\u0000',
  '\u2028',
  '\ud800',
  '\u202e',
];

const payload = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 3 })
  .map((parts) => parts.join(''));

/** What a browser reads out of escaped text. */
const read = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#96;', '`')
    .replaceAll('&amp;', '&');

describe('a template', () => {
  it('keeps 10,000 payloads of HTML and script as text, in elements and in attributes', () => {
    fc.assert(
      fc.property(payload, (value) => {
        const { text } = html`<p title="${value}">${value}</p>`;
        const [, title, body] = /^<p title="([^"]*)">([^]*)<\/p>$/.exec(text) ?? [];
        expect(title).toBe(body);
        expect(body).not.toMatch(/[<>"'`]/);
        // What cannot be shown is replaced; everything else is read as it was.
        expect(read(body!)).toBe(value.replaceAll(/[^\P{Cc}\n\r\t]|\p{Surrogate}/gu, '\ufffd'));
      }),
      { numRuns: 10_000 },
    );
  });

  it('escapes the values of lists, and of HTML inside HTML only once', () => {
    const inner = html`<b>${'<'}</b>`;
    expect(html`<p>${[inner, '&', 3, null, undefined, false]}</p>`.text).toBe('<p><b>&lt;</b>&amp;3</p>');
    expect(joined(['<', inner], ', ').text).toBe('&lt;, <b>&lt;</b>');
  });

  it('is the only way to make HTML: nothing else in the console uses its constructor, except for the style sheet', () => {
    const folder = join(import.meta.dirname, '../../../console');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    const makers = files.filter((name) => readFileSync(join(folder, name), 'utf8').includes('new Html('));
    expect(makers.sort()).toEqual(['html.ts', 'report/standalone.ts']);
    for (const name of files) {
      const text = readFileSync(join(folder, name), 'utf8');
      // A value in an attribute without quotes could end it.
      expect([name, /=\$\{/.exec(text.replaceAll(/\w\s*=\s*\$\{[^}]*\}`/g, ''))?.[0]]).toEqual([
        name,
        undefined,
      ]);
      expect([name, /\son\w+="|\sstyle="|javascript:/.exec(text)?.[0]]).toEqual([name, undefined]);
    }
  });

  it('writes an HTML value as it is', () => {
    expect(html`${new Html('<i></i>')}`.text).toBe('<i></i>');
  });
});
