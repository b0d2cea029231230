// What waits for a decision, as a person reads it before deciding.
import { evaluationsOf, otherInWords } from '../../domain/decisions/comparison-body.ts';
import { holdoutUseInWords } from '../../domain/decisions/leak-proof.ts';
import { interval, minute, pValue } from '../output/format.ts';
import { type Output } from '../output/output.ts';
import { type Pending } from './pending.ts';

/** Prints candidate and champion on the rows that decided, names the other evaluation, and gives the evidence's digest. */
export function printPending(output: Output, pending: Pending): void {
  const { version, championVersion, body, digest, expiresAt } = pending;
  const { judged, decides, other } = evaluationsOf(body.comparison);
  const rival = championVersion === null ? 'class prior' : `champion v${championVersion}`;
  output.table({
    head: [`on ${decides.rows} ${decides.where}`, 'AUC'],
    rows: [
      [`candidate v${version}`, interval(decides.candidateAuc, decides.championAuc.value)],
      [rival, interval(decides.championAuc, decides.candidateAuc.value)],
      ['difference', `${interval(decides.difference)}, p ${pValue(decides.difference.p)}`],
    ],
  });
  const { holdout } = body.comparison;
  output.line(
    `judged by ${judged.by}: ${judged.why}${otherInWords(other)}${holdout ? `; ${holdoutUseInWords(holdout)}` : ''}`,
  );
  for (const alarm of body.decision?.alarms ?? []) output.line(`alarm: ${alarm}`);
  output.line(
    `asked for by ${body.requestedBy}; evidence ${digest.slice(0, 12)}…; expires ${minute(expiresAt)} UTC`,
  );
}

/** The command that approves what waits. */
export const approveCommand = ({ model, version }: Pick<Pending, 'model' | 'version'>): string =>
  `tidegate approve ${model} ${version} --by <your name>`;

/** What waits, for a JSON answer: the numbers are of the evaluation that decided. */
export function pendingJson({ version, championVersion, digest, expiresAt, body }: Pending) {
  const { judged, decides, other } = evaluationsOf(body.comparison);
  return {
    version,
    championVersion,
    evidenceDigest: digest,
    expiresAt,
    requestedBy: body.requestedBy,
    judgedBy: judged.by,
    candidateAuc: decides.candidateAuc,
    championAuc: decides.championAuc,
    difference: decides.difference,
    other: other && { by: other.by, candidateAuc: other.candidateAuc, championAuc: other.championAuc },
    alarms: body.decision?.alarms ?? [],
  };
}
