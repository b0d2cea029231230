// Champion and candidate on the same rows: ROC curve, calibration and distributions of scores.
import { type CalibrationBin, type ModelCurves } from '../../domain/learning/compare/curves.ts';
import { percent, three } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { pointsOf, scaleOf, tenth } from './scale.ts';

/** A curve with the name that stands next to it. */
export interface Named<T> {
  readonly name: string;
  readonly curve: T;
}

const WIDTH = 320;
const HEIGHT = 236;
const PLOT = { left: 30, right: 312, top: 8, bottom: 200 };

const x = scaleOf(0, 1, PLOT.left, PLOT.right);
const y = scaleOf(0, 1, PLOT.bottom, PLOT.top);

function frame(label: string, across: string, body: Html): Html {
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
    ${[0, 0.5, 1].map(
      (mark) =>
        html`<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(mark)}" y2="${y(mark)}" /><text
            class="end"
            x="${PLOT.left - 6}"
            y="${y(mark) + 4}"
            >${mark}</text
          ><text
            class="${mark === 0 ? '' : mark === 1 ? 'end' : 'mid'}"
            x="${x(mark)}"
            y="${PLOT.bottom + 15}"
            >${mark}</text
          >`,
    )}${body}
    <text class="mid" x="${x(0.5)}" y="${PLOT.bottom + 33}">${across}</text>
  </svg>`;
}

/** Draws two ROC curves; nothing if neither exists. */
export function rocChart(now: Named<ModelCurves['roc']>, before: Named<ModelCurves['roc']>): Html {
  if (!now.curve && !before.curve) return nothing;
  const line = (curve: readonly number[], tone: string): Html => {
    const points = curve.map((rate, at): [number, number] => [x(at / (curve.length - 1)), y(rate)]);
    return html`<polyline class="${tone}" points="${pointsOf([[x(0), y(0)], ...points])}" />`;
  };
  const at = labelPlaces(now.curve, before.curve);
  const body = html`<line
      class="axis dashed"
      x1="${x(0)}"
      y1="${y(0)}"
      x2="${x(1)}"
      y2="${y(1)}"
    />${before.curve && line(before.curve, 'before')}${now.curve && line(now.curve, 'now')}${now.curve && html`<text class="ink halo ${at.now.anchor}" x="${at.now.x}" y="${at.now.y}">${now.name}</text>`}${before.curve && html`<text class="halo ${at.before.anchor}" x="${at.before.x}" y="${at.before.y}">${before.name}</text>`}`;
  const read = (curve: readonly number[] | null): string =>
    curve ? percent(curve[Math.round((curve.length - 1) / 10)]!) : 'unknown';
  return frame(
    `ROC curves: at a false positive rate of 10 %, ${now.name} finds ${read(now.curve)} of the positives, ${before.name} ${read(before.curve)}`,
    'false positive rate',
    body,
  );
}

/** The higher curve is named above its bend, the lower one below it, so that neither name crosses a line. */
function labelPlaces(now: readonly number[] | null, before: readonly number[] | null) {
  const read = (curve: readonly number[] | null, share: number): number =>
    curve ? curve[Math.round(share * (curve.length - 1))]! : share;
  const nowIsHigher = read(now, 0.3) >= read(before, 0.3);
  const [upper, lower] = nowIsHigher ? [now, before] : [before, now];
  const above = { x: x(0.12), y: tenth(Math.max(PLOT.top + 12, y(read(upper, 0.22)) - 12)), anchor: '' };
  const below = { x: x(0.55), y: tenth(Math.min(PLOT.bottom - 6, y(read(lower, 0.5)) + 26)), anchor: '' };
  return nowIsHigher ? { now: above, before: below } : { now: below, before: above };
}

/** The 95 % Wilson interval of a share. Source: Wilson 1927. */
export function wilson({ observed, rows }: Pick<CalibrationBin, 'observed' | 'rows'>): [number, number] {
  const z2 = 1.959964 ** 2;
  const middle = (observed + z2 / (2 * rows)) / (1 + z2 / rows);
  const reach =
    (Math.sqrt(z2) / (1 + z2 / rows)) * Math.sqrt((observed * (1 - observed)) / rows + z2 / (4 * rows ** 2));
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}

/** Draws observed against predicted rates; on the diagonal, scores are probabilities. */
export function calibrationChart(
  now: Named<readonly CalibrationBin[]>,
  before: Named<readonly CalibrationBin[]>,
): Html {
  const beforeLine = before.curve.map(({ predicted, observed }): [number, number] => [
    x(predicted),
    y(observed),
  ]);
  const dots = now.curve.map((bin) => {
    const [low, high] = wilson(bin);
    const at = x(bin.predicted);
    return html`<line class="ci thin" x1="${at}" x2="${at}" y1="${y(low)}" y2="${y(high)}" /><circle
        class="dot"
        cx="${at}"
        cy="${y(bin.observed)}"
        r="3.5"
      />`;
  });
  const [last, lastBefore] = [now.curve.at(-1), before.curve.at(-1)];
  const widest = now.curve.reduce(
    (most, { predicted, observed }) => Math.max(most, Math.abs(predicted - observed)),
    0,
  );
  return frame(
    `Calibration: the observed rate of ${now.name} is at most ${three(widest)} from the predicted one`,
    'predicted rate',
    html`<line
        class="axis dashed"
        x1="${x(0)}"
        y1="${y(0)}"
        x2="${x(1)}"
        y2="${y(1)}"
      />${beforeLine.length > 1 && html`<polyline class="before" points="${pointsOf(beforeLine)}" />`}${beforeLine.length === 1 && html`<circle class="dot before" cx="${beforeLine[0]![0]}" cy="${beforeLine[0]![1]}" r="3.5" />`}${dots}${last && html`<text class="ink halo end" x="${tenth(x(last.predicted) - 8)}" y="${tenth(Math.max(PLOT.top + 12, y(last.observed) - 6))}">${now.name}</text>`}${lastBefore && html`<text class="halo ${x(lastBefore.predicted) > 240 ? 'end' : ''}" x="${tenth(x(lastBefore.predicted) > 240 ? PLOT.right : x(lastBefore.predicted) + 8)}" y="${tenth(Math.min(PLOT.bottom - 6, y(lastBefore.observed) + 18))}">${before.name}</text>`}`,
  );
}

/** Draws how one model's scores are spread, positives above the line and negatives below it. */
export function scoreChart(
  { name, curve: { positive, negative } }: Named<ModelCurves['scores']>,
  tone: 'now' | 'before',
): Html {
  const [top, middle, bottom] = [8, 60, 112];
  const total = (shares: readonly number[]): number => shares.reduce((sum, share) => sum + share, 0) || 1;
  // Each class by itself, so that a rare class is as easy to see as the other.
  const [up, down] = [
    positive.map((share) => share / total(positive)),
    negative.map((share) => share / total(negative)),
  ];
  const reach = Math.max(...up, ...down);
  const height = (share: number): number => tenth((share / reach) * (middle - top));
  const step = (PLOT.right - PLOT.left) / positive.length;
  const bars = up.map((share, at) => {
    const [above, below] = [height(share), height(down[at] ?? 0)];
    const left = tenth(PLOT.left + at * step);
    const width = tenth(step - 1);
    return html`${above > 0 && html`<rect class="bar ${tone}" x="${left}" y="${tenth(middle - above)}" width="${width}" height="${above}" />`}${below > 0 && html`<rect class="bar ${tone} faint" x="${left}" y="${middle}" width="${width}" height="${below}" />`}`;
  });
  return html`<svg
    class="chart"
    viewBox="0 0 ${WIDTH} 132"
    role="img"
    aria-label="Scores of ${name}: positives above the line, negatives below it"
  >
    ${bars}
    <line class="axis" x1="${PLOT.left}" x2="${PLOT.right}" y1="${middle}" y2="${middle}" />
    <text class="ink" x="${PLOT.left}" y="${top + 8}">${name}</text>
    <text class="end" x="${PLOT.right}" y="${top + 8}">positive</text>
    <text class="end" x="${PLOT.right}" y="${bottom}">negative</text>
    <text x="${PLOT.left}" y="128">0</text>
    <text class="mid" x="${x(0.5)}" y="128">score</text>
    <text class="end" x="${PLOT.right}" y="128">1</text>
  </svg>`;
}
