// How large the effect of a column was in the last windows, against the threshold at which it counts.
import { rounded } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { pointsOf, scaleOf } from './scale.ts';

/** The effects of one column, the oldest window first; null if a window did not measure it. */
export interface EffectHistory {
  readonly column: string;
  readonly effects: readonly (number | null)[];
  readonly threshold: number;
}

const WIDTH = 180;
const HEIGHT = 44;
const EDGE = 4;

/** Draws the effects as a line; the threshold is a dashed line. */
export function effectHistory({ column, effects, threshold }: EffectHistory): Html {
  const measured = effects.flatMap((effect, at) => (effect === null ? [] : [{ at, effect }]));
  const newest = measured.at(-1);
  if (!newest) return nothing;
  const x = scaleOf(0, Math.max(1, effects.length - 1), EDGE, WIDTH - EDGE);
  const y = scaleOf(
    0,
    Math.max(threshold * 1.4, ...measured.map(({ effect }) => effect)),
    HEIGHT - EDGE,
    EDGE,
  );
  const words = `${column}: effect ${rounded(newest.effect)} in the newest of ${effects.length} windows, threshold ${rounded(threshold)}`;
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words}">
    <line class="bound dashed" x1="0" x2="${WIDTH}" y1="${y(threshold)}" y2="${y(threshold)}" />
    ${measured.length > 1 && html`<polyline class="now" points="${pointsOf(measured.map(({ at, effect }) => [x(at), y(effect)]))}" />`}
    <circle
      class="dot${newest.effect >= threshold ? ' off' : ''}"
      cx="${x(newest.at)}"
      cy="${y(newest.effect)}"
      r="3.5"
    />
  </svg>`;
}
