// A report as text: what drifted and why, how the champion did, and the decision with every rule.
import { type RetrainDecision } from '../../domain/decisions/decide-retrain.ts';
import { type DriftPart, estimateInWords, type PerformancePart } from '../../domain/decisions/report.ts';
import { leaksInWords } from '../../domain/learning/leak-alarm.ts';
import { type RuleResult } from '../../domain/decisions/rule.ts';
import { brokenContracts, contractInWords, type QualityPart } from '../../domain/quality/quality-part.ts';
import { type Report } from '../../store/registry/reports.ts';
import { type Retrain } from '../../store/registry/retrains.ts';
import { day, interval, short, three, told } from '../output/format.ts';
import { type Output } from '../output/output.ts';
import { type Table } from '../output/table.ts';
import { driftTable, notableColumns } from './drift-table.ts';

/** Prints a report, and the retrain that it led to. A part whose step has not run is said to be missing. */
export function printReport(output: Output, report: Report, retrain?: Retrain): void {
  const { id, model, asOf, championVersion, definitionVersion } = report;
  const champion = championVersion === null ? 'no champion' : `champion v${championVersion}`;
  output.heading(
    `Report ${id} of ${model} as of ${day(asOf)} (${champion}, definition ${definitionVersion})`,
  );
  output.line(report.summary ?? 'not closed yet');
  printQuality(output, report.quality);
  printDrift(output, report.drift);
  printPerformance(output, report.performance);
  printDecision(output, report.decision);
  if (retrain) printRetrain(output, retrain);
}

function printRetrain(output: Output, { id, outcome, summary, leaks }: Retrain): void {
  section(output, 'Retrain');
  output.line(`${id}: ${outcome ?? 'under way'}${summary === null ? '' : `: ${summary}`}`);
  if (leaks) output.line(leaksInWords(leaks));
}

function printQuality(output: Output, part: QualityPart | null): void {
  section(output, 'Quality');
  if (!part) {
    output.line('not checked yet');
    return;
  }
  const broken = brokenContracts(part);
  output.line(`${part.contracts.length - broken.length} of ${part.contracts.length} contracts hold`);
  for (const result of broken) output.line(`${result.severity}: ${contractInWords(result)}`);
  for (const { severity, name, column, table, words } of part.findings)
    output.line(`${severity}: ${name}: ${column ?? table ?? 'all columns'}: ${words}`);
}

function printDrift(output: Output, part: DriftPart | null): void {
  section(output, 'Drift');
  if (!part?.measured) {
    output.line(part ? `not measured: ${part.reason}` : 'not measured yet');
    return;
  }
  output.line(part.verdict.reason);
  for (const words of notableColumns(part.verdict)) output.line(words);
  output.table(driftTable(part.verdict));
}

function printPerformance(output: Output, part: PerformancePart | null): void {
  section(output, 'Performance');
  if (!part?.measured) {
    output.line(part ? `not measured: ${part.reason}` : 'not measured yet');
    return;
  }
  if (part.estimated?.measured) output.line(estimateInWords(part.estimated));
  if (!part.realised) {
    output.line('no holdout row has a mature label');
    return;
  }
  const { auc, rows, positives, logLoss, brier, ece } = part.realised;
  output.table({
    head: ['version', 'AUC', 'log loss', 'Brier', 'ECE', 'holdout rows', 'positive'],
    rows: [[part.championVersion, interval(auc), three(logLoss), three(brier), three(ece), rows, positives]],
  });
}

function printDecision(output: Output, decision: RetrainDecision | null): void {
  section(output, 'Decision');
  if (!decision) {
    output.line('not decided yet');
    return;
  }
  output.line(`${decision.outcome}: ${decision.reason} (rules ${decision.rulesVersion})`);
  output.table(rulesTable(decision.rules));
}

/** Every rule with value, bound and whether it held. */
const rulesTable = (rules: readonly RuleResult[]): Table => ({
  head: ['rule', 'held', 'value', 'bound', 'in words'],
  rows: rules.map(({ name, held, value, bound, words }) => [
    name,
    held ? 'yes' : 'no',
    ...valueAndBound(value, bound),
    words,
  ]),
});

function valueAndBound(value: RuleResult['value'], bound: RuleResult['bound']): (string | null)[] {
  if (typeof value === 'number' && typeof bound === 'number') return told([value, bound]);
  return [value, bound].map((one) => (typeof one === 'number' ? short(one) : one));
}

function section(output: Output, title: string): void {
  output.line();
  output.heading(title);
}
