// A drift verdict as text: the conclusion, a line a column, and what was judged beside them.
import { multivariateInWords } from '../../domain/drift/multivariate/multivariate-change.ts';
import { type DriftVerdict } from '../../domain/drift/verdict.ts';
import { pValue, short } from '../output/format.ts';
import { type Output } from '../output/output.ts';

/** Prints a verdict. */
export function printVerdict(output: Output, verdict: DriftVerdict): void {
  output.line(`${verdict.status}: ${verdict.reason}`);
  output.table({
    head: [
      'column',
      'verdict',
      'statistic',
      'value',
      'adjusted p',
      'effect',
      'size',
      'threshold',
      'in words',
    ],
    rows: verdict.columns.map(({ column, status, signals, words }) => {
      const signal = signals.find((one) => one.status === 'drifted') ?? signals[0];
      return [
        column,
        status,
        signal?.statistic,
        short(signal?.value),
        pValue(signal?.adjustedP),
        signal?.effect,
        short(signal?.effectSize),
        short(signal?.threshold),
        words.replace(`${status}: `, ''),
      ];
    }),
  });
  if (verdict.multivariate) output.line(multivariateInWords(verdict.multivariate));
}
