// The columns of a report: both distributions over each other, the test, the effect, and the verdict as a sentence.
import { type SignalVerdict } from '../../domain/drift/statistics/family.ts';
import { type ColumnVerdict } from '../../domain/drift/verdict.ts';
import { distribution } from '../charts/distribution.ts';
import { effectCell } from '../charts/intervals.ts';
import { count, formatPValue, percent, rounded, three } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { tag } from '../parts/parts.ts';
import { decidingSignal } from './report-view.ts';

const STATISTICS: Readonly<Record<string, string>> = {
  ks: 'KS',
  chisquare: 'χ²',
  wasserstein: 'distance in sd',
  jensenshannon: 'Jensen-Shannon',
  psi: 'PSI',
  constant: 'share that differs',
};

const statisticName = (name: string): string =>
  Object.hasOwn(STATISTICS, name) ? STATISTICS[name]! : name.replaceAll('_', ' ');

/** The status of a column in words. */
export function columnTag({ status, critical }: Pick<ColumnVerdict, 'status' | 'critical'>): Html {
  if (status === 'drifted') return tag('alarm', critical ? 'drifted, critical' : 'drifted');
  return status === 'stable' ? tag('quiet', 'stable') : tag('wait', 'not measured');
}

/**
 * The table of columns.
 *
 * @param alpha significance level of the adjusted p-values
 * @param importance shown if it was measured for at least one of the columns
 */
export function columnsTable(
  columns: readonly ColumnVerdict[],
  alpha: number,
  importance: ReadonlyMap<string, number>,
): Html {
  const hasImportance = columns.some(({ column }) => importance.has(column));
  return html`<div class="sheet scroll" tabindex="0" role="region" aria-label="Table: columns">
    <table class="columns-list" data-sortable>
      <caption class="hidden">
        Columns: reference as bars, window as a line
      </caption>
      <thead>
        <tr>
          <th scope="col" data-sort="text">Column</th>
          <th scope="col">Distribution</th>
          <th scope="col" data-sort="text">Verdict</th>
          <th scope="col" class="n" data-sort="number">Effect</th>
          <th scope="col" class="n wide" data-sort="number">Adjusted p</th>
          <th scope="col" class="n wide">Missing</th>
          <th scope="col" class="n wide">Values</th>
          ${hasImportance && html`<th scope="col" class="n wide" data-sort="number">Importance</th>`}
        </tr>
      </thead>
      <tbody>
        ${columns.map((column) => row(column, alpha, hasImportance ? importance : null))}
      </tbody>
    </table>
  </div>`;
}

function row(column: ColumnVerdict, alpha: number, importance: ReadonlyMap<string, number> | null): Html {
  const signal = decidingSignal(column);
  const weight = importance?.get(column.column);
  return html`<tr${column.status === 'drifted' && html` class="hit"`}>
    <th scope="row">${column.column}<small class="words">${wordsOf(column)}</small></th>
    <td>${column.histogram ? distribution(column.histogram, { size: 'row', name: column.column }) : html`<span class="soft">no picture</span>`}</td>
    <td>${columnTag(column)}</td>
    ${effect(signal)}
    <td class="n wide" data-value="${signal?.adjustedP ?? ''}">${signal?.adjustedP == null ? '–' : html`${formatPValue(signal.adjustedP, alpha)}<small>${statisticName(signal.statistic)} ${signal.value === null ? '' : rounded(signal.value)}</small>`}</td>
    <td class="n wide">${missing(column)}</td>
    <td class="n wide">${signal && html`${count(signal.windowSize)}<small>of ${count(signal.referenceSize)}</small>`}</td>
    ${importance && html`<td class="n wide" data-value="${weight ?? ''}">${weight === undefined ? '–' : three(weight)}</td>`}
  </tr>`;
}

function effect(signal: SignalVerdict | undefined): Html {
  if (signal?.effectSize == null) return html`<td class="n">–</td>`;
  const { effectSize, threshold } = signal;
  return html`<td class="n" data-value="${effectSize}">
    <span class="effect-of">${effectCell(effectSize, threshold)} ${rounded(effectSize)}</span
    ><small>from ${rounded(threshold)}, ${statisticName(signal.effect)}</small>
  </td>`;
}

function missing({ missing: { reference, window } }: ColumnVerdict): Html {
  const text = (share: number | null): string => (share === null ? 'unknown' : percent(share));
  if (reference === window) return html`${text(window)}`;
  return html`${text(window)}<small>was ${text(reference)}</small>`;
}

/** The sentence of a verdict without the status that stands beside it. */
const wordsOf = ({ words }: ColumnVerdict): string => words.replace(/^(drifted|stable|not measurable): /, '');

/** Verdicts that are about no single column. */
export function otherSignals(others: readonly SignalVerdict[], alpha: number): Html {
  if (others.length === 0) return nothing;
  return html`<ul class="plain-list">
    ${others.map(
      ({ kind, subject, status, effectSize, threshold, adjustedP, reason }) =>
        html`<li>
          ${columnTag({ status, critical: false })}
          <strong>${kind === subject ? kind : `${kind} of ${subject}`}</strong>:
          ${
            effectSize === null
              ? (reason ?? 'not measured')
              : `effect ${rounded(effectSize)}, counts from ${rounded(threshold)}${adjustedP === null ? '' : ` (adjusted p ${formatPValue(adjustedP, alpha)})`}`
          }
        </li>`,
    )}
  </ul>`;
}
