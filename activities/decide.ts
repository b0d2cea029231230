// Makes the two decisions of the loop, on retraining and on promotion: gathers the facts and applies the rules of
// domain/decisions.
import { createHash } from 'node:crypto';
import { type DriftVerdict } from '../domain/drift/verdict.ts';
import { criticalFeatures } from '../domain/model/define-model.ts';
import { durationOf, toMilliseconds } from '../domain/model/parts/duration.ts';
import { type ModelDefinition } from '../domain/model/definition.ts';
import { dayOf, windowEndingAt } from '../domain/model/window.ts';
import { contractName, stoppingContracts } from '../domain/quality/quality-part.ts';
import { countFreshLabels } from '../store/join/newest-labelled-time.ts';
import { evaluationsOf } from '../domain/decisions/comparison-body.ts';
import * as promotionRules from '../domain/decisions/decide-promotion.ts';
import * as retrainRules from '../domain/decisions/decide-retrain.ts';
import {
  type FailedJudgement,
  type RetrainDecision,
  type RetrainFacts,
  type WaitingReport,
} from '../domain/decisions/decide-retrain.ts';
import { type Failed } from '../domain/judgements.ts';
import { promotionFacts } from '../domain/decisions/promotion-facts.ts';
import { fixed } from '../domain/format-numbers.ts';
import { type Interval, formatInterval } from '../domain/data/math/interval.ts';
import { type PerformancePart } from '../domain/decisions/report.ts';
import { type Database } from '../store/postgres/database.ts';
import { getDataset } from '../store/registry/dataset.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { findComparison, getComparison, writePromotionDecision } from '../store/registry/comparisons.ts';
import {
  decideReport,
  getReport,
  isReportedBefore,
  type Report,
  waitingReports,
} from '../store/registry/reports.ts';
import { candidateOf, findLastRefusal, getRetrain, wasRetrainedOn } from '../store/registry/retrains.ts';
import { requestNotice } from '../store/registry/notice-requests.ts';
import { getVersion, readArtifact, readTuning } from '../store/registry/versions.ts';
import { type ActivityDeps, currentRun, type ReportRef } from './deps.ts';

/** The decision, as returned to the monitor run. */
export type RetrainDecided = Required<
  Pick<RetrainDecision, 'retrain' | 'outcome' | 'reason' | 'lookAgain'>
> & {
  readonly summary: string;
  /** Present if a judgement of the window was due and could not be made. */
  readonly judgementFailed?: true;
};

/** The steps that decide: whether to retrain, and whether a candidate may wait for approval. */
export const decideActivities = ({ database }: ActivityDeps) => ({
  /** Decides whether a report is a reason to retrain, and stores the decision in the report. */
  async decideRetrain({ reportId }: ReportRef): Promise<RetrainDecided> {
    const report = await getReport(database, reportId);
    const { definition } = await getDefinition(database, report.model, report.definitionVersion);
    const { drift, retrain } = definition;
    const facts = await retrainFacts(database, report, definition);
    const policy = {
      on: retrain.on,
      share: drift.share,
      critical: criticalFeatures(definition),
      minLabels: retrain.minLabels,
    };
    const decided = retrainRules.decideRetrain(facts, policy);
    const alarms = decided.outcome === 'judgement failed' ? [] : (decided.alarms ?? []);
    // If an earlier attempt has already decided, its recorded decision is kept and returned.
    const { decision, summary } = await decideReport(database, reportId, {
      decision: { ...decided, facts },
      summary:
        `as of ${dayOf(report.asOf)}: ${describeProduction(facts)}, ${decided.outcome}: ` +
        [decided.reason, ...alarms].join('; '),
    });
    await reportDrift(database, report, facts.alreadyReported);
    const { retrain: starts, outcome, reason, lookAgain } = decision;
    const isFailed = decision.alarms !== undefined;
    return {
      retrain: starts,
      outcome,
      reason,
      summary,
      lookAgain: lookAgain ?? null,
      ...(isFailed && { judgementFailed: true }),
    };
  },

  /** Decides whether the candidate of a retrain may wait for approval, and stores the decision with its comparison. */
  async decidePromotion({ retrainId }: { retrainId: string }) {
    const retrain = await getRetrain(database, retrainId);
    const { model } = retrain;
    const candidate = candidateOf(retrain);
    const { body, championVersion: champion } = await getComparison(database, model, candidate);
    const { definition } = await getDefinition(database, model);
    const making = {
      leaks: retrain.leaks,
      tuning: await readTuning(database, model, candidate),
      calibration: (await readArtifact(database, model, candidate)).calibration ?? null,
    };
    const decision = await writePromotionDecision(
      database,
      model,
      candidate,
      promotionRules.decidePromotion(promotionFacts(body, champion, making), definition.promotion),
    );
    const { decides } = evaluationsOf(body);
    const [found, toBeat] = fixed([decides.candidateAuc.value, decides.championAuc.value]);
    const production = champion === null ? 'no production version' : `production v${champion} AUC ${toBeat}`;
    const summary =
      `as of ${dayOf(new Date(body.window.to))}: candidate v${candidate} AUC ${found}, ${production}, ` +
      [
        `${decision.promote ? 'to Staging' : `refused (${decision.outcome})`}: ${decision.reason}`,
        ...(decision.alarms ?? []),
      ].join('; ');
    return { promote: decision.promote, outcome: decision.outcome, reason: decision.reason, summary };
  },
});

/** Reports a window that drifted, once, however often its rows are measured. */
async function reportDrift(
  { kysely }: Database,
  { id, model, championVersion: version, asOf, drift }: Report,
  isReported: boolean,
): Promise<void> {
  if (!drift?.measured || !drift.verdict.drifted || isReported) return;
  await requestNotice(kysely, {
    id: createHash('sha256').update(`drift\n${model}\n${id}`).digest('hex').slice(0, 32),
    event: 'drift',
    model,
    version,
    message: `report ${id}, as of ${dayOf(asOf)}: ${drift.verdict.reason}`,
    run: currentRun(),
  });
}

async function retrainFacts(
  database: Database,
  report: Report,
  definition: ModelDefinition,
): Promise<RetrainFacts> {
  const cooldownMs = toMilliseconds(durationOf(definition.retrain.cooldown));
  const { model, championVersion, definitionVersion } = report;
  const dataset = await getDataset(database, report.datasetId);
  const { drift } = report;
  const realised = realisedAuc(report.performance);
  const refusal = await findLastRefusal(database, model);
  const refusedAt = refusal?.finishedAt ?? null;
  const isRecent = refusedAt !== null && refusedAt.getTime() > report.createdAt.getTime() - cooldownMs;
  return {
    champion:
      championVersion === null
        ? null
        : {
            version: championVersion,
            promised: await promisedAuc(database, model, championVersion),
            ...((await getVersion(database, model, championVersion)).unproven && { unproven: true as const }),
          },
    drift: drift?.measured
      ? {
          share: drift.verdict.share,
          driftedColumns: drift.verdict.driftedColumns,
          together: togetherOf(drift.verdict),
        }
      : null,
    realised,
    estimated: estimatedAuc(report.performance),
    failedJudgements: failedJudgements(report),
    brokenContracts: report.quality ? stoppingContracts(report.quality).map(contractName) : [],
    freshLabels: dataset.trainingRows,
    alreadyTrained: await wasRetrainedOn(database, model, dataset.digest, definitionVersion),
    alreadyReported: await isReportedBefore(database, report.id, dataset.digest),
    recentRefusal: isRecent
      ? {
          at: refusedAt.toISOString(),
          realisedAuc: realisedAuc(refusal?.performance)?.value ?? null,
        }
      : null,
    waiting: await waitingReport(database, report, definition),
  };
}

/** Returns the judgements of a window that were due and could not be made, in the order in which they are made. */
function failedJudgements(report: Report): FailedJudgement[] {
  const { quality, drift, performance } = report;
  const found = [
    { name: 'quality', failed: quality?.failed },
    { name: 'drift', failed: driftFailed(report) },
    {
      name: 'multivariate drift',
      failed: drift?.measured ? drift.verdict.multivariate?.failed : undefined,
    },
    { name: 'performance', failed: performance?.measured === false ? performance.failed : undefined },
  ] as const;
  return found.flatMap(({ name, failed }) => (failed ? [{ name, ...failed }] : []));
}

/**
 * Drift is due on every window that passes the quality check while a version is in Production, so if it is missing,
 * that is a failure.
 */
function driftFailed({ championVersion, quality, drift }: Report): Failed | undefined {
  if (drift?.measured !== false) return undefined;
  const isDue = championVersion !== null && !quality?.failed && !(quality && stoppingContracts(quality)[0]);
  return drift.failed ?? (isDue ? { code: null, reason: drift.reason } : undefined);
}

/** Returns the newest waiting window that has enough labels now; if no window has enough, the newest waiting window. */
async function waitingReport(
  database: Database,
  report: Report,
  definition: ModelDefinition,
): Promise<WaitingReport | null> {
  let newest: WaitingReport | null = null;
  for (const { id, asOf } of await waitingReports(database, report)) {
    const window = windowEndingAt(asOf, definition.monitor.window, definition.monitor);
    const freshLabels = await countFreshLabels(database, definition, window);
    const waiting = { reportId: id, asOf: asOf.toISOString(), freshLabels };
    if (freshLabels >= definition.retrain.minLabels) return waiting;
    newest ??= waiting;
  }
  return newest;
}

const realisedAuc = (part: PerformancePart | null | undefined): Interval | null =>
  part?.measured ? (part.realised?.auc ?? null) : null;

function estimatedAuc(part: PerformancePart | null): RetrainFacts['estimated'] {
  const estimated = part?.measured && part.estimated?.measured ? part.estimated.auc : null;
  return estimated && { value: estimated.value, least: estimated.least };
}

/** Returns the AUC that was measured for the champion in the comparison before its promotion. */
async function promisedAuc(database: Database, model: string, champion: number): Promise<Interval | null> {
  const comparison = await findComparison(database, model, champion);
  return comparison?.body.candidate.auc ?? null;
}

function describeProduction({ champion, realised }: RetrainFacts): string {
  if (!champion) return 'no version in Production';
  const unproven = champion.unproven ? ' (unproven)' : '';
  return `production v${champion.version}${unproven} AUC ${realised ? formatInterval(realised) : 'unknown'}`;
}

function togetherOf({ others }: DriftVerdict): { excess: number; least: number } | null {
  const signal = others.find(({ kind }) => kind === 'multivariate');
  if (!signal || signal.effectSize === null) return null;
  return { excess: signal.effectSize, least: signal.threshold };
}
