// A drift verdict as text: the conclusion, the table that a report shows, and what was judged beside it.
import { multivariateInWords } from '../../domain/drift/multivariate/domain-classifier.ts';
import { type DriftVerdict } from '../../domain/drift/verdict.ts';
import { type Output } from '../output/output.ts';
import { driftTable, notableColumns } from '../report/drift-table.ts';

/** Prints a verdict. */
export function printVerdict(output: Output, verdict: DriftVerdict): void {
  output.line(`${verdict.status}: ${verdict.reason}`);
  output.table(driftTable(verdict));
  for (const words of notableColumns(verdict)) output.line(words);
  if (verdict.multivariate) output.line(multivariateInWords(verdict.multivariate, verdict));
}
