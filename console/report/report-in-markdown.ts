// A report as Markdown, for issues, chats and pull requests.
import { type DriftVerdict } from '../../domain/drift/verdict.ts';
import { describePerformance } from '../../domain/decisions/report.ts';
import { brokenContracts, describeContract, describeFinding } from '../../domain/quality/quality-part.ts';
import { formatPValue, rounded } from '../format.ts';
import { type ComparedTables } from './standalone.ts';
import { decidingSignal, ordered, reportSentence, type ReportView } from './report-view.ts';

/** Writes a report as Markdown. */
export function reportInMarkdown(view: ReportView): string {
  const { model, id, asOf, drift, performance, quality, decision } = view;
  const { strong, rest } = reportSentence(view);
  const broken = quality ? brokenContracts(quality) : [];
  return lines([
    `# ${text(model)}: window up to ${asOf.toISOString().slice(0, 10)}`,
    `**${text(strong)}**${text(rest)}`,
    '## Performance',
    performance ? `${text(upper(describePerformance(performance)))}.` : 'Not measured yet.',
    '## Columns',
    ...(drift?.measured
      ? driftLines(drift.verdict)
      : [drift ? `Not measured: ${text(drift.reason)}.` : 'Not measured yet.']),
    '## Data',
    ...(quality
      ? [
          `${quality.contracts.length - broken.length} of ${quality.contracts.length} contracts hold.`,
          list([...broken.map(describeContract), ...quality.findings.map(describeFinding)]),
        ]
      : ['Not checked yet.']),
    ...(decision
      ? [
          '## Decision',
          table(
            ['rule', 'applies', 'why'],
            decision.rules.map(({ name, held, words }) => [name, held ? 'yes' : 'no', words]),
          ),
        ]
      : []),
    `Report ${id} of ${text(model)}.`,
  ]);
}

/** Writes a comparison of two tables as Markdown. */
export const driftInMarkdown = ({ reference, current, verdict, notes }: ComparedTables): string =>
  lines([
    `# ${text(current.name)} against ${text(reference.name)}`,
    `${current.rows} rows against ${reference.rows}.`,
    list(notes),
    ...driftLines(verdict),
  ]);

const driftLines = (verdict: DriftVerdict): string[] => [
  `${text(upper(verdict.reason))}.`,
  table(
    ['column', 'verdict', 'effect', 'counts from', 'adjusted p', 'why'],
    ordered(verdict.columns, 'drift', new Map()).map((column) => {
      const signal = decidingSignal(column);
      return [
        column.column,
        column.status,
        signal?.effectSize == null ? '–' : rounded(signal.effectSize),
        signal ? rounded(signal.threshold) : '–',
        signal?.adjustedP == null ? '–' : formatPValue(signal.adjustedP, verdict.alpha),
        column.words,
      ];
    }),
  ),
];

const lines = (parts: readonly string[]): string => `${parts.filter((part) => part !== '').join('\n\n')}\n`;

const list = (items: readonly string[]): string => items.map((item) => `- ${text(item)}`).join('\n');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows.map((row) => row.map(text))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

const upper = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

/** Escapes what Markdown or HTML inside it would take for something else than text. */
const text = (value: string): string =>
  value
    .replaceAll(/[\\`*_[\]|#~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/\s+/g, ' ');
