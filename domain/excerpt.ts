// Shortens and escapes text from outside so that messages and logs can show it on one line.

/** How many characters of a name or a value a message shows. */
export const MAX_EXCERPT = 80;

// Control and format characters (line breaks, bidirectional marks, zero width), private use, unassigned, lone surrogates.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

/**
 * Prepares text from outside for a message or a log line: truncates it after `longest` characters, and writes every
 * character that is invisible, or that would change how the rest is displayed, as `\u{…}`.
 *
 * @example excerpt('grace\nroot: ok') // 'grace\\u{a}root: ok'
 * @example excerpt('x'.repeat(4_000_000)).length // 81
 */
export function excerpt(text: string, longest = MAX_EXCERPT): string {
  if (text.length <= longest) return text.replace(UNPRINTABLE, escaped);
  // Truncating in the middle of a surrogate pair would leave a half that shows as a character of its own.
  const end = /[\uD800-\uDBFF]/.test(text.charAt(longest - 1)) ? longest - 1 : longest;
  return `${text.slice(0, end).replace(UNPRINTABLE, escaped)}…`;
}
