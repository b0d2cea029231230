// Histograms small enough for a cell of a table.

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const EMPTY = '·';

/**
 * One block for each share, tall as a part of `greatest`; nothing but emptiness is a dot, so that few are told from none.
 *
 * @param greatest what a full block stands for, the same for two histograms that are compared
 * @example sparkline([0, 0.1, 0.4], 0.4) // '·▂█'
 */
export function sparkline(shares: readonly number[], greatest: number): string {
  return shares
    .map((share) => {
      if (share <= 0 || greatest <= 0) return EMPTY;
      const level = Math.ceil((share / greatest) * BLOCKS.length) - 1;
      return BLOCKS[Math.max(0, Math.min(BLOCKS.length - 1, level))];
    })
    .join('');
}
