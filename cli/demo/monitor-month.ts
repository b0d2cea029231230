// A month is monitored, and what comes of it is followed up to a version that waits for a person.
import { evaluationsOf, rivalInWords } from '../../domain/decisions/comparison-body.ts';
import { TidegateError } from '../../domain/errors.ts';
import { getReport, type Report } from '../../store/registry/reports.ts';
import { day, interval, pValue } from '../output/format.ts';
import { followToApproval } from '../runs/follow-to-approval.ts';
import { followMonitor, startMonitor } from '../runs/monitor-run.ts';
import { type Pending } from '../runs/pending.ts';
import { MODEL, people, type Scene } from './scene.ts';

/** A report, and the retrain it asked for. */
export interface Monitored {
  readonly report: Report;
  readonly retrainId: string;
}

/** Measures a month and tells what was found. @throws TidegateError where it gave no reason to retrain */
export async function monitorMonth({ services, note }: Scene, asOf: Date): Promise<Monitored> {
  const run = await startMonitor(services, { model: MODEL, asOf, requestedBy: people.applies });
  const { reportId, retrainId } = await followMonitor(services, run, () => undefined, note);
  const report = await getReport(services.database, reportId);
  const { drift, performance, decision } = report;
  if (drift?.measured) {
    note(drift.verdict.reason);
    for (const { column, status, words } of drift.verdict.columns)
      if (status === 'drifted') note(`${column}: ${words}`);
  }
  if (performance?.measured && performance.realised)
    note(`AUC of version ${performance.championVersion}: ${interval(performance.realised.auc)}`);
  note(`report ${report.id} as of ${day(asOf)}: ${decision?.outcome}, ${decision?.reason}`);
  if (retrainId === null)
    throw new TidegateError(
      'INTERNAL',
      `the story needs a retrain, but the report says: ${decision?.reason}`,
    );
  return { report, retrainId };
}

/** Follows the retrain to a version in Staging, validated. @throws TidegateError where the candidate was refused */
export async function trainCandidate({ services, note }: Scene, retrainId: string): Promise<Pending> {
  const { retrain, pending } = await followToApproval(services, MODEL, retrainId, note);
  if (!pending)
    throw new TidegateError(
      'INTERNAL',
      `the story needs a candidate, but the retrain says: ${retrain.summary}`,
    );
  const { candidateAuc, championAuc, difference, rows } = evaluationsOf(pending.body.comparison).decides;
  const rival = rivalInWords(pending.championVersion);
  note(
    `on ${rows} holdout rows: version ${pending.version} AUC ${interval(candidateAuc, championAuc.value)}, ${rival} ${interval(championAuc, candidateAuc.value)}`,
  );
  note(
    `difference ${interval(difference)}, p ${pValue(difference.p)}; validated in Staging, waits for a decision`,
  );
  return pending;
}
