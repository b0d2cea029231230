// Truncates texts that are used as categories.

/**
 * The longest category, in characters (Unicode code points). SQL that reads categories truncates them with Postgres'
 * `left`, which counts in the same way.
 */
export const MAX_CATEGORY = 1_000;

/**
 * Returns the category of a text: its first 1,000 characters. Frozen rows, online rows, requests, derived columns and
 * compared tables all use this rule. A long text is therefore the same category everywhere, and what is stored or
 * returned of it stays short.
 *
 * @example categoryOf('x'.repeat(4_000_000)).length // 1000
 */
export function categoryOf(text: string): string {
  if (text.length <= MAX_CATEGORY) return text;
  const characters: string[] = [];
  for (const character of text) {
    // Joined instead of sliced, because a slice would keep the whole text in memory.
    if (characters.length === MAX_CATEGORY) return characters.join('');
    characters.push(character);
  }
  return text;
}
