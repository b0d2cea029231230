// Checks names and texts that people send, and makes refused ones safe to record. Workflow code runs this file: a
// change here needs `patched`.

/** Maximum length of a person's name, in characters. */
export const MAX_NAME = 200;

/** Maximum length of a comment or reason, in characters. */
export const MAX_TEXT = 2_000;

// Control characters, line separators, direction marks, zero-width characters, lone surrogates, and the replacement
// character U+FFFD.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\uFFFD]/u;

// A text of several lines may contain line breaks, tabs, and the joiners that emoji and some scripts need.
const UNREADABLE = /[\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069\uFFFD]|[^\P{Cc}\n\r\t]/u;

/**
 * Returns why a value is not the name of a person: a name is one printable line of at most 200 characters.
 *
 * @param at the field's name, for the message
 * @returns undefined if it is a name
 * @example nameProblem('decidedBy', 'grace\nroot: ok') // 'decidedBy must be one printable line: it contains \\n'
 */
export function nameProblem(at: string, value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_NAME || !/[\p{L}\p{N}]/u.test(value)) {
    return `${at} must name a person, in at most ${MAX_NAME} characters`;
  }
  const found = UNPRINTABLE.exec(value)?.[0];
  return found === undefined
    ? undefined
    : `${at} must be one printable line: it contains ${escapeSequence(found)}`;
}

/**
 * Returns why a value is not a comment or reason: a text of at most 2,000 characters, without control characters other
 * than line breaks and tabs.
 */
export function textProblem(at: string, value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_TEXT)
    return `${at} must be a text of at most 2,000 characters`;
  const found = UNREADABLE.exec(value)?.[0];
  return found === undefined
    ? undefined
    : `${at} may contain line breaks, but no other control characters: it contains ${escapeSequence(found)}`;
}

/**
 * Returns a name as one printable line: unprintable characters are replaced by escape sequences.
 *
 * @example printableName('grace\nroot: ok') // 'grace\\nroot: ok'
 */
export const printableName = (name: string): string =>
  name.replace(new RegExp(UNPRINTABLE, 'gu'), escapeSequence).slice(0, MAX_NAME);

/** Returns a text in which control characters other than line breaks and tabs are replaced by escape sequences. */
export const readableText = (text: string): string =>
  text.replace(new RegExp(UNREADABLE, 'gu'), escapeSequence);

/** Whether two names belong to the same person; ignores letter case, spacing and Unicode compatibility variants. */
export const sameName = (a: string, b: string): boolean => comparable(a) === comparable(b);

const comparable = (name: string): string =>
  name.normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase();

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escapeSequence = (character: string): string =>
  SHORT[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`;
