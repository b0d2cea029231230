// Drift, performance and promotions of a model on one time axis.
import { dayText, percent, three } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { pointsOf, scaleOf, tenth, ticks } from './scale.ts';

/** What one report measured. */
export interface TimelinePoint {
  readonly at: Date;
  readonly championVersion: number | null;
  /** Realised AUC with its interval. */
  readonly auc: { readonly value: number; readonly low: number; readonly high: number } | null;
  /** What the champion promised. */
  readonly promised: { readonly low: number; readonly high: number } | null;
  /** Share of drifted columns. */
  readonly drift: { readonly share: number; readonly threshold: number; readonly drifted: boolean } | null;
}

/** A version that went into Production. */
export interface TimelineMove {
  readonly at: Date;
  readonly version: number;
}

const WIDTH = 1_000;
const PLOT = { left: 44, right: 988, top: 22, middle: 150, drift: 174, bottom: 214 };

/** Draws a model's history; nothing without a report. */
export function timeline(points: readonly TimelinePoint[], moves: readonly TimelineMove[]): Html {
  if (points.length === 0) return nothing;
  const times = points.map(({ at }) => at.getTime());
  const span = Math.max(...times) - Math.min(...times);
  const margin = span === 0 ? 86_400_000 : span * 0.04;
  const [first, last] = [Math.min(...times) - margin, Math.max(...times) + margin];
  const x = scaleOf(first, last, PLOT.left, PLOT.right);
  const levels = points.flatMap(({ auc, promised }) => [
    ...(auc ? [auc.low, auc.high] : []),
    ...(promised ? [promised.low, promised.high] : []),
  ]);
  const [low, high] = levels.length > 0 ? [Math.min(...levels), Math.max(...levels)] : [0.5, 1];
  const y = scaleOf(low - 0.01, high + 0.01, PLOT.middle, PLOT.top);
  const half = Math.max(6, (x(last) - x(first)) / Math.max(2, points.length) / 2.4);
  const greatest = Math.max(
    ...points.map(({ drift }) => (drift ? Math.max(drift.share, 1.5 * drift.threshold) : 0)),
    0.01,
  );
  const tall = scaleOf(0, greatest, PLOT.bottom, PLOT.drift);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="History of the model">
    <svg class="chart wide" viewBox="0 0 ${WIDTH} 240" role="img" aria-label="${describe(points, moves)}">
      ${ticks(low - 0.01, high + 0.01, 3).map(
        (mark) =>
          html`<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(mark)}" y2="${y(mark)}" /><text
              class="end"
              x="${PLOT.left - 6}"
              y="${y(mark) + 4}"
              >${mark}</text
            >`,
      )}${points.map(({ at, promised }) => {
        if (!promised) return nothing;
        const middle = x(at.getTime());
        return html`<rect
          class="band"
          x="${tenth(middle - half)}"
          y="${y(promised.high)}"
          width="${tenth(2 * half)}"
          height="${tenth(Math.max(1.5, y(promised.low) - y(promised.high)))}"
        />`;
      })}${moves
        .filter(({ at }) => at.getTime() >= first)
        .map(({ at, version }) => {
          const place = Math.min(PLOT.right, x(at.getTime()));
          const isRight = place > PLOT.right - 60;
          return html`<line class="move" x1="${place}" x2="${place}" y1="8" y2="${PLOT.bottom}" /><text
              class="ink halo ${isRight ? 'end' : ''}"
              x="${tenth(place + (isRight ? -5 : 5))}"
              y="16"
              >v${version}</text
            >`;
        })}${performanceLine(points, x, y)}${points.map(({ at, auc, promised }) => {
        if (!auc) return nothing;
        const place = x(at.getTime());
        const off = promised && auc.high < promised.low ? ' off' : '';
        return html`<line
            class="ci thin${off}"
            x1="${place}"
            x2="${place}"
            y1="${y(auc.low)}"
            y2="${y(auc.high)}"
          /><circle class="dot${off}" cx="${place}" cy="${y(auc.value)}" r="4" />`;
      })}
      <line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${PLOT.bottom}" y2="${PLOT.bottom}" />
      ${points.map(({ at, drift }) => {
        if (!drift) return nothing;
        const place = x(at.getTime());
        const width = Math.min(22, half);
        const top = tall(drift.share);
        return html`<rect
            class="bar ${drift.drifted ? 'off' : 'before'}"
            x="${tenth(place - width / 2)}"
            y="${tenth(Math.min(top, PLOT.bottom - 1))}"
            width="${tenth(width)}"
            height="${tenth(Math.max(1, PLOT.bottom - top))}"
          /><line
            class="bound"
            x1="${tenth(place - half)}"
            x2="${tenth(place + half)}"
            y1="${tall(drift.threshold)}"
            y2="${tall(drift.threshold)}"
          />`;
      })}
      <text x="0" y="14">AUC</text>
      <text x="0" y="${PLOT.drift + 6}">drift</text>
      ${dates(points, x)}
    </svg>
  </div>`;
}

function performanceLine(
  points: readonly TimelinePoint[],
  x: (at: number) => number,
  y: (value: number) => number,
): Html {
  const line = points.flatMap(({ at, auc }): [number, number][] =>
    auc ? [[x(at.getTime()), y(auc.value)]] : [],
  );
  return line.length > 1 ? html`<polyline class="now" points="${pointsOf(line)}" />` : nothing;
}

/** Dates below the axis, as many as have room. */
function dates(points: readonly TimelinePoint[], x: (at: number) => number): Html {
  const every = Math.ceil(points.length / 8);
  const shown = points.filter((_, at) => (points.length - 1 - at) % every === 0);
  return html`${shown.map(({ at }, place) => {
    const middle = x(at.getTime());
    const anchor = place === shown.length - 1 && middle > PLOT.right - 40 ? 'end' : 'mid';
    return html`<text class="${anchor}" x="${anchor === 'end' ? PLOT.right : middle}" y="234"
      >${dayText(at)}</text
    >`;
  })}`;
}

function describe(points: readonly TimelinePoint[], moves: readonly TimelineMove[]): string {
  const newest = points.at(-1)!;
  const auc = newest.auc ? `AUC ${three(newest.auc.value)}` : 'no AUC';
  const drift = newest.drift ? `${percent(newest.drift.share)} of the columns drifted` : 'drift not measured';
  return `${points.length} windows up to ${dayText(newest.at)}: ${auc}, ${drift}; ${moves.length} promotions. The table below has every number.`;
}
