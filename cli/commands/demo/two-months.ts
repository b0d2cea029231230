// The demo's nine steps: two months of one model.
import { paths } from '../../../paths.ts';
import { askApi, UNHURRIED_MS } from '../../shared/ask-api.ts';
import { askPrediction, MODEL, type Scene, type Story } from './story.ts';
import { type Ending } from './ending.ts';
import { importMonth, monthEnds } from './months.ts';
import { type AppliedModel } from '../../../operations/apply-model.ts';
import { readModelFile } from '../../shared/read-model-file.ts';
import { day, interval, minute, pValue } from '../../output/format.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { asPending, type Pending } from '../../runs/pending.ts';
import { followRelease } from '../../../operations/follow-release.ts';
import { approveBySignal } from './approve-by-signal.ts';
import { evaluationsOf, describeChampion } from '../../../domain/decisions/comparison-body.ts';
import { getReport, type Report } from '../../../store/registry/reports.ts';
import { followMonitor, followToApproval } from '../../../operations/follow-to-approval.ts';

/** Runs the steps: version 1 is trained on month one, drift degrades it in month two, and version 2 replaces it. */
export async function twoMonths(story: Story, scene: Scene): Promise<Ending> {
  await story.step('Month one arrives: 7,000 subscribers', () => importMonth(scene, 0));
  await story.step('ada applies models/churn.ts', () => applyChurn(scene));
  const first = await story.step('Month one is monitored: version 1 is trained', async () =>
    trainCandidate(scene, (await monitorMonth(scene, monthEnds[0])).retrainId),
  );
  const before = await story.step('grace approves version 1 by a signal to Temporal', async () => {
    await approveFirst(scene, first);
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
      await approve(scene, second);
      return askPrediction(scene);
    },
  );
  return { before, after, reportId: monitored.report.id };
}

/** The part of the API's answer that is shown; instants are ISO 8601. */
interface Applied extends Pick<AppliedModel, 'version'> {
  readonly schedule: { readonly id: string; readonly nextRuns: readonly string[] };
}

/** Applies models/churn.ts and prints when the model will be monitored next. */
async function applyChurn({ people, note }: Scene): Promise<void> {
  const definition = await readModelFile(paths.exampleModel);
  const { version, schedule } = await askApi<Applied>(
    people.ada,
    'POST',
    ['models'],
    { definition },
    UNHURRIED_MS,
  );
  const [next] = schedule.nextRuns;
  note(
    `definition ${version}; schedule ${schedule.id} runs next at ${next ? `${minute(new Date(next))} UTC` : 'no time'}`,
  );
}

const COMMENT = 'the comparison is convincing';

/** Approves the first version as from the Temporal UI: by a signal with a grant, which says that it is grace. */
async function approveFirst(scene: Scene, { version }: Pending): Promise<void> {
  const { services, people, note } = scene;
  const { evidenceDigest, grantId } = await approveBySignal(services, people.grace, {
    model: MODEL,
    version,
    comment: COMMENT,
  });
  note(
    `signal approve {version: ${version}, evidenceDigest: ${evidenceDigest.slice(0, 12)}…, grantId: ${grantId.slice(0, 8)}…}: accepted`,
  );
  await promoted(scene, version);
}

/** Approves a version through the API, as `tidegate approve` does. */
async function approve(scene: Scene, { version, digest: evidenceDigest }: Pending): Promise<void> {
  const decision = { version, evidenceDigest, decision: 'approve', comment: COMMENT };
  const { decidedBy } = await askApi<{ readonly decidedBy: string }>(
    scene.people.grace,
    'POST',
    ['models', MODEL, 'decisions'],
    decision,
    UNHURRIED_MS,
  );
  scene.note(`tidegate approve ${MODEL} ${version} by ${decidedBy}: accepted`);
  await promoted(scene, version);
}

/** Waits until a version is promoted and served. @throws TidegateError if it is not promoted */
async function promoted({ services, note }: Scene, version: number): Promise<void> {
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
async function monitorMonth({ services, people, note }: Scene, asOf: Date): Promise<Monitored> {
  const { workflowId } = await askApi<{ readonly workflowId: string }>(
    people.ada,
    'POST',
    ['models', MODEL, 'monitor'],
    // The months of the demo may lie ahead of this machine's clock.
    { asOf, future: true },
    UNHURRIED_MS,
  );
  const run = services.client.workflow.getHandle(workflowId);
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
