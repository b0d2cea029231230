// The parts of a report below its verdict: performance, quality, and the rules of the decision.
import { type RuleResult } from '../../domain/decisions/rule.ts';
import { describeEstimate } from '../../domain/decisions/report.ts';
import { type ContractResult, type Finding } from '../../domain/quality/check-result.ts';
import { brokenContracts, contractName } from '../../domain/quality/quality-part.ts';
import { intervals, type IntervalRow } from '../charts/intervals.ts';
import { type Bounded, count, counted, ends, three } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { notice, section, table, tag } from '../parts/parts.ts';
import { type ReportView } from './report-view.ts';

/** The AUC realised and estimated, and what was promised; nothing if none is known. */
export function performancePicture({ performance, promised, championVersion }: ReportView): Html {
  const rows: IntervalRow[] = [];
  if (performance?.measured) {
    const { realised, estimated } = performance;
    if (realised?.auc) rows.push({ label: 'realised', kind: 'now', ...realised.auc });
    if (estimated?.measured && estimated.auc)
      rows.push({ label: 'estimated', kind: 'before', ...estimated.auc });
  }
  if (promised)
    rows.push({ label: 'promised', kind: 'band', value: (promised.low + promised.high) / 2, ...promised });
  return rows.length === 0 || championVersion === null ? nothing : intervals(rows, 'AUC');
}

/** All measures of the champion in this window. */
export function performanceSection(view: ReportView): Html {
  const { performance } = view;
  const words = (text: string): Html => section('Performance', 'performance', notice('quiet', text));
  if (!performance) return words('Performance is not measured yet.');
  if (!performance.measured) return words(`Performance was not measured: ${performance.reason}.`);
  const { realised, estimated, championVersion } = performance;
  const estimate = estimated?.measured ? html`<p class="sub">${describeEstimate(estimated)}.</p>` : nothing;
  if (!realised)
    return section(
      'Performance',
      'performance',
      html`${notice('quiet', 'No held-out row has a mature label yet.')}${estimate}`,
    );
  const { auc, logLoss, brier, ece, intervals: of, rows, positives } = realised;
  const row = (name: string, value: number, interval: Bounded | undefined): readonly (string | Html)[] => [
    name,
    three(value),
    interval ? html`<span class="nowrap">${ends(interval)}</span>` : '',
  ];
  return section(
    'Performance',
    'performance',
    html`${table(
      'Performance',
      [{ name: 'Measure' }, { name: 'Value', number: true }, { name: '95 % interval', number: true }],
      [
        ...(auc ? [row('AUC', auc.value, auc)] : []),
        row('Log loss', logLoss, of?.logLoss),
        row('Brier score', brier, of?.brier),
        row('Calibration error', ece, of?.ece),
      ],
    )}${estimate}`,
    {
      note: `Version ${championVersion} on ${counted(rows, 'held-out row')} with a mature label, ${count(positives)} of them positive.`,
    },
  );
}

/** Contracts and other faults of the data, with the rows that break them. */
export function qualitySection({ quality }: ReportView): Html {
  if (!quality) return section('Data', 'quality', notice('quiet', 'The data is not checked yet.'));
  if (quality.failed)
    return section(
      'Data',
      'quality',
      notice('alarm', `The data could not be checked: ${quality.failed.reason}.`),
    );
  const broken = brokenContracts(quality);
  const kept = quality.contracts.length - broken.length;
  const note = `${count(kept)} of ${counted(quality.contracts.length, 'contract')} hold${quality.findings.length === 0 ? ', and nothing else was found' : ''}.`;
  if (broken.length + quality.findings.length === 0) return section('Data', 'quality', nothing, { note });
  return section(
    'Data',
    'quality',
    html`<ol class="sheet findings">
      ${broken.map(contract)}${quality.findings.map(finding)}
    </ol>`,
    { note },
  );
}

const contract = (result: ContractResult): Html =>
  html`<li>
    ${tag(result.severity === 'fail' ? 'alarm' : 'wait', result.severity === 'fail' ? 'stops the loop' : 'broken')}
    <div>
      <strong>${contractName(result)}</strong>:
      ${result.words}${
        result.examples.length > 0 &&
        html`<details>
          <summary>
            ${counted(result.examples.length, 'row')} that
            ${result.examples.length === 1 ? 'breaks' : 'break'} it
          </summary>
          ${table(
            `Rows that break ${contractName(result)}`,
            [{ name: 'Entity' }, { name: 'Time' }, { name: 'Value', number: true }],
            result.examples.map(({ key, at, value }) => [
              html`<code>${key}</code>`,
              at.slice(0, 16).replace('T', ' '),
              value ?? 'missing',
            ]),
          )}
        </details>`
      }
    </div>
  </li>`;

const finding = ({ severity, name, column, table: of, words, advice }: Finding): Html =>
  html`<li>
    ${tag(severity === 'warn' ? 'wait' : 'quiet', severity === 'warn' ? 'look' : 'note')}
    <div>
      <strong>${column ?? of ?? 'all columns'}</strong>, ${name.replaceAll('-', ' ')}: ${words}
      <p class="sub">${advice}</p>
    </div>
  </li>`;

/** The rules that decided whether to retrain. */
export function decisionSection({ decision }: ReportView): Html {
  if (!decision) return nothing;
  const shown = (value: RuleResult['value']): string =>
    typeof value === 'number' ? (Number.isInteger(value) ? count(value) : three(value)) : (value ?? '');
  return section(
    'Decision',
    'decision',
    table(
      'Rules of the decision',
      [
        { name: 'Rule' },
        { name: 'Applies' },
        { name: 'Seen', number: true, wide: true },
        { name: 'Bound', number: true, wide: true },
        { name: 'Why' },
      ],
      decision.rules.map(({ name, held, value, bound, words }) => [
        name,
        held ? html`<strong>yes</strong>` : html`<span class="soft">no</span>`,
        shown(value),
        shown(bound),
        html`<span class="why">${words}</span>`,
      ]),
    ),
    { note: `Every rule that was applied, decided or not (${decision.rulesVersion}).` },
  );
}
