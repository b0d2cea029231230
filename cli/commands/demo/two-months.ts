// The demo's nine steps: two months of one model.
import { paths } from '../../../paths.ts';
import { askPrediction, MODEL, people, type Scene, type Story } from './story.ts';
import { type Ending } from './ending.ts';
import { importMonth, monthEnds } from './months.ts';
import { applyModel } from '../../../operations/apply-model.ts';
import { readModelFile } from '../../shared/read-model-file.ts';
import { day, interval, minute, pValue } from '../../output/format.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { asPending, type Pending } from '../../runs/pending.ts';
import { followRelease } from '../../../operations/follow-release.ts';
import { decideBySignal } from './approve-by-signal.ts';
import { evaluationsOf, describeChampion } from '../../../domain/decisions/comparison-body.ts';
import { getReport, type Report } from '../../../store/registry/reports.ts';
import { followMonitor, followToApproval } from '../../../operations/follow-to-approval.ts';
import { startMonitor } from '../../../operations/start-runs.ts';

/** Runs the steps: version 1 is trained on month one, drift degrades it in month two, and version 2 replaces it. */
export async function twoMonths(story: Story, scene: Scene): Promise<Ending> {
  await story.step('Month one arrives: 7,000 subscribers', () => importMonth(scene, 0));
  await story.step('ada applies models/churn.ts', () => applyChurn(scene));
  const first = await story.step('Month one is monitored: version 1 is trained', async () =>
    trainCandidate(scene, (await monitorMonth(scene, monthEnds[0])).retrainId),
  );
  const before = await story.step('grace approves version 1 by a signal', async () => {
    await approveBySignal(scene, first);
    return askPrediction(scene);
  });
  await story.step('Month two arrives: the data has drifted', () => importMonth(scene, 1));
  const monitored = await story.step('Month two is monitored: drift is found and the AUC has fallen', () =>
    monitorMonth(scene, monthEnds[1]),
  );
  const second = await story.step('Version 2 is trained, compared and validated', () =>
    trainCandidate(scene, monitored.retrainId),
  );
  const after = await story.step(
    'grace approves version 2; the API serves it without a restart',
    async () => {
      await approveBySignal(scene, second);
      return askPrediction(scene);
    },
  );
  return { before, after, reportId: monitored.report.id };
}

/** Applies models/churn.ts and prints when the model will be monitored next. */
async function applyChurn({ services, note }: Scene): Promise<void> {
  const definition = await readModelFile(paths.exampleModel);
  const { version, schedule } = await applyModel(services, definition, people.applies);
  const [next] = schedule.nextRuns;
  note(
    `definition ${version}; schedule ${schedule.id} runs next at ${next ? `${minute(next)} UTC` : 'no time'}`,
  );
}

/** Sends the signal and waits until the version is promoted and served. @throws TidegateError if it is not promoted */
async function approveBySignal({ services, note }: Scene, { version, digest }: Pending): Promise<void> {
  const { accepted, refusal } = await decideBySignal(services, MODEL, {
    version,
    evidenceDigest: digest,
    decision: 'approve',
    comment: 'the comparison is convincing',
    decidedBy: people.approves,
  });
  if (!accepted) throw new TidegateError('DECISION_REFUSED', refusal ?? 'the decision was refused');
  note(
    `signal approve {version: ${version}, evidenceDigest: ${digest.slice(0, 12)}…} by ${people.approves}: accepted`,
  );
  const { outcome, summary } = await followRelease(services, MODEL, version, () => undefined, note);
  if (outcome !== 'promoted')
    throw new TidegateError('INTERNAL', `the demo cannot go on without version ${version}: ${summary}`);
  note(`version ${version} is in Production and served`);
}

/** A report, and the retrain that it requested. */
interface Monitored {
  readonly report: Report;
  readonly retrainId: string;
}

/** Monitors a month and prints what was found. @throws TidegateError if the report requests no retrain */
async function monitorMonth({ services, note }: Scene, asOf: Date): Promise<Monitored> {
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
      `the demo needs a retrain, but the report decided: ${decision?.reason}`,
    );
  return { report, retrainId };
}

/** Follows the retrain to a validated version in Staging. @throws TidegateError if the candidate was refused */
async function trainCandidate({ services, note }: Scene, retrainId: string): Promise<Pending> {
  const { retrain, evidence } = await followToApproval(services, MODEL, retrainId, note);
  const pending = evidence && asPending(evidence);
  if (!pending)
    throw new TidegateError(
      'INTERNAL',
      `the demo needs a candidate, but the retrain ended without one: ${retrain.summary}`,
    );
  const { candidateAuc, championAuc, difference, rows } = evaluationsOf(pending.body.comparison).decides;
  const other = describeChampion(pending.championVersion);
  note(
    `on ${rows} holdout rows: version ${pending.version} AUC ${interval(candidateAuc, championAuc.value)}, ${other} ${interval(championAuc, candidateAuc.value)}`,
  );
  note(
    `difference ${interval(difference)}, p ${pValue(difference.p)}; validated in Staging, waits for a decision`,
  );
  return pending;
}
