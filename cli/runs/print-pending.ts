// What waits for a decision, as a person reads it before deciding.
import { holdoutUseInWords } from '../../domain/lifecycle/leak-proof.ts';
import { judgedBy } from '../../domain/lifecycle/out-of-time.ts';
import { interval, minute, pValue } from '../output/format.ts';
import { type Output } from '../output/output.ts';
import { type Pending } from './pending.ts';

/** Prints candidate and champion on the same rows, and the evidence's digest. */
export function printPending(output: Output, pending: Pending): void {
  const { version, championVersion, body, digest, expiresAt } = pending;
  const { candidate, champion, difference, rows } = body.comparison;
  const rival = championVersion === null ? 'class prior' : `champion v${championVersion}`;
  output.table({
    head: [`on ${rows} holdout rows`, 'AUC'],
    rows: [
      [`candidate v${version}`, interval(candidate.auc, champion.auc.value)],
      [rival, interval(champion.auc, candidate.auc.value)],
      ['difference', `${interval(difference)}, p ${pValue(difference.p)}`],
    ],
  });
  const { outOfTime, holdout } = body.comparison;
  const { by, why } = judgedBy(outOfTime);
  output.line(`judged by ${by}: ${why}${holdout ? `; ${holdoutUseInWords(holdout)}` : ''}`);
  output.line(
    `asked for by ${body.requestedBy}; evidence ${digest.slice(0, 12)}…; expires ${minute(expiresAt)} UTC`,
  );
}

/** The command that approves what waits. */
export const approveCommand = ({ model, version }: Pick<Pending, 'model' | 'version'>): string =>
  `tidegate approve ${model} ${version} --by <your name>`;

/** What waits, for a JSON answer. */
export const pendingJson = ({ version, championVersion, digest, expiresAt, body }: Pending) => ({
  version,
  championVersion,
  evidenceDigest: digest,
  expiresAt,
  requestedBy: body.requestedBy,
  candidateAuc: body.comparison.candidate.auc,
  championAuc: body.comparison.champion.auc,
  difference: body.comparison.difference,
});
