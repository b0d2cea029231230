// Names and texts that people send: what is refused in them, and how a refused one is recorded. Workflow code runs this file.

/** Longest name of a person, in characters. */
export const MAX_NAME = 200;

/** Longest comment or reason, in characters. */
export const MAX_TEXT = 2_000;

// Controls, line separators, marks of direction, characters of no width, halves of surrogate pairs, and what stands for a
// character that could not be read.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\uFFFD]/u;

// A text of several lines may hold line breaks and tabs, and what emoji and some scripts join letters by.
const UNREADABLE = /[\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069\uFFFD]|[^\P{Cc}\n\r\t]/u;

/**
 * Why a text is no name of a person: a name is one printable line of at most 200 characters.
 *
 * @param at the field, for the answer
 * @returns undefined when it is a name
 * @example nameProblem('decidedBy', 'grace\nroot: ok') // 'decidedBy must be one printable line: it holds \\n'
 */
export function nameProblem(at: string, value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_NAME || !/[\p{L}\p{N}]/u.test(value)) {
    return `${at} must name a person, in at most ${MAX_NAME} characters`;
  }
  const found = UNPRINTABLE.exec(value)?.[0];
  return found === undefined
    ? undefined
    : `${at} must be one printable line: it holds ${escapeSequence(found)}`;
}

/** Why a text is no comment or reason: at most 2,000 characters, with line breaks but without other control characters. */
export function textProblem(at: string, value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_TEXT)
    return `${at} must be a text of at most 2,000 characters`;
  const found = UNREADABLE.exec(value)?.[0];
  return found === undefined
    ? undefined
    : `${at} may hold line breaks, but no other control characters: it holds ${escapeSequence(found)}`;
}

/**
 * A name as one printable line, whatever was sent: what cannot be printed is written as its code.
 *
 * @example printableName('grace\nroot: ok') // 'grace\\nroot: ok'
 */
export const printableName = (name: string): string =>
  name.replace(new RegExp(UNPRINTABLE, 'gu'), escapeSequence).slice(0, MAX_NAME);

/** A comment whose control characters, but for line breaks, are written as their codes. */
export const readableText = (text: string): string =>
  text.replace(new RegExp(UNREADABLE, 'gu'), escapeSequence);

/** Whether two names are the same person's: letter case, spaces and ways to write the same letters do not count. */
export const sameName = (a: string, b: string): boolean => comparable(a) === comparable(b);

const comparable = (name: string): string =>
  name.normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase();

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escapeSequence = (character: string): string =>
  SHORT[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`;
