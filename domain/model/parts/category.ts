// What a text is as a category: its first characters.

/**
 * Characters (Unicode code points) by which a text is used as a category. Statements that read categories cut by
 * Postgres' `left`, which counts the same.
 */
export const MAX_CATEGORY = 1_000;

/**
 * The category that a text is: its first 1,000 characters. One rule for frozen rows, online rows, requests, derived
 * columns and compared tables, so that a long text is the same category wherever it comes from, and so that what is
 * kept of it and repeated in answers stays short.
 *
 * @example categoryOf('x'.repeat(4_000_000)).length // 1000
 */
export function categoryOf(text: string): string {
  if (text.length <= MAX_CATEGORY) return text;
  const characters: string[] = [];
  for (const character of text) {
    // Joined and not sliced: a slice would keep the whole text in memory.
    if (characters.length === MAX_CATEGORY) return characters.join('');
    characters.push(character);
  }
  return text;
}
