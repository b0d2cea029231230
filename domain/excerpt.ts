// Names and values of others as a message may show them: short, on one line, and printable.

/** How many characters of a name or a value a message shows. */
export const MAX_EXCERPT = 80;

// Control and format characters (line breaks, bidirectional marks, zero width), private use, unassigned, half pairs.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

/**
 * A text that somebody sent, for a message or a log line: cut after `longest` characters, and every character that
 * cannot be seen, or that would change how the rest is shown, written as `\u{…}`.
 *
 * @example excerpt('grace\nroot: ok') // 'grace\\u{a}root: ok'
 * @example excerpt('x'.repeat(4_000_000)).length // 81
 */
export function excerpt(text: string, longest = MAX_EXCERPT): string {
  if (text.length <= longest) return text.replace(UNPRINTABLE, escaped);
  // Half a pair at the cut would show as a character of its own.
  const end = /[\uD800-\uDBFF]/.test(text.charAt(longest - 1)) ? longest - 1 : longest;
  return `${text.slice(0, end).replace(UNPRINTABLE, escaped)}…`;
}
