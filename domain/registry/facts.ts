// What people may write about models and versions: tags, descriptions, aliases and comments.
import { excerpt } from '../excerpt.ts';

/** Longest key of a tag and longest alias, in characters. */
export const MAX_KEY = 250;

/** Longest value of a tag, description or comment, in characters. */
export const MAX_VALUE = 5_000;

/** Maximum number of tags, and of aliases, of one model or version. */
export const MAX_FACTS = 200;

/** Maximum number of comments on one version. */
export const MAX_COMMENTS = 10_000;

// Control characters, line separators, direction marks, lone surrogates and U+FFFD. Everything else is kept as it was sent:
// whoever shows it must escape it for the place where it is shown.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\uFFFD]/u;
const UNREADABLE = /[\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069\uFFFD]|[^\P{Cc}\n\r\t]/u;

/** Returns why a text is not the key of a tag: one printable line of 1 to 250 characters. */
export function tagKeyProblem(key: string): string | undefined {
  if (key.trim() === '' || key.length > MAX_KEY) return `must have 1 to ${MAX_KEY} characters`;
  return UNPRINTABLE.test(key) ? 'must be one printable line' : undefined;
}

/** Returns why a text is not the value of a tag, a description or a comment: at most 5,000 characters in readable lines. */
export function factTextProblem(text: string): string | undefined {
  if (text.length > MAX_VALUE) return `must have at most ${MAX_VALUE} characters`;
  return UNREADABLE.test(text)
    ? 'may contain line breaks and tabs, but no other control characters'
    : undefined;
}

/** Aliases that follow the stages: the version in Production, and the version that waits in Staging. */
export const STAGE_ALIASES = { champion: 'Production', challenger: 'Staging' } as const;

/** Returns why a name cannot be set as an alias. */
export function aliasProblem(alias: string): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_.-]*$/.test(alias) || alias.length > MAX_KEY) {
    return `must begin with a letter and have at most ${MAX_KEY} letters, digits, and the signs _ . -`;
  }
  const lower = alias.toLowerCase();
  if (Object.hasOwn(STAGE_ALIASES, lower))
    return `${excerpt(lower)} follows the stages and cannot be set by hand`;
  // Names that other registries read as a version.
  if (lower === 'latest' || /^v?\d+$/.test(lower)) return `${excerpt(alias)} would be read as a version`;
  return undefined;
}
