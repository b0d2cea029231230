// Assembles the evidence: everything that a decision on a version is based on, under one digest.
import { PROMOTION_RULES } from '../domain/decisions/decide-promotion.ts';
import { RETRAIN_RULES } from '../domain/decisions/decide-retrain.ts';
import { describeLabels } from '../domain/data/label-states.ts';
import { describeEvidence } from '../domain/decisions/comparison-body.ts';
import { type FrozenPolicy } from '../domain/decisions/promotion-policy.ts';
import { getDataset } from '../store/registry/dataset.ts';
import { getComparison } from '../store/registry/comparisons.ts';
import {
  type Evidence,
  findEvidence,
  readPromotionPolicy,
  writeEvidence,
} from '../store/registry/evidence.ts';
import { getReport } from '../store/registry/reports.ts';
import { getRetrain } from '../store/registry/retrains.ts';
import { getVersion, readTuning } from '../store/registry/versions.ts';
import { type ActivityDeps } from './deps.ts';
import { type Validation } from './validate.ts';

/** The evidence of a version that waits for a decision. */
export interface PendingEvidence {
  readonly digest: string;
  readonly championVersion: number | null;
  readonly summary: string;
  /** Who requested the version: the person of a grant, `schedule` or `unverified`. */
  readonly requestedBy: string;
  /** End of the window on which it was compared, ISO 8601. */
  readonly asOf: string;
  /** When the wait ends, ISO 8601: an earlier run of the release may have set it. */
  readonly expiresAt?: string;
  /** Who has to agree, as frozen with the evidence; absent for evidence of earlier releases. */
  readonly policy?: FrozenPolicy;
}

/** The step that assembles the evidence. */
export const evidenceActivities = ({ database }: ActivityDeps) => ({
  /**
   * Assembles report, comparison, decision, validation, definition, promotion policy and rule versions of a version into
   * its evidence. Evidence that is stored stays: a repeated call, or a run that was reset, gets it as it is.
   */
  async assembleEvidence(input: {
    model: string;
    version: number;
    expiresAt: string;
    validation: Validation;
  }): Promise<PendingEvidence> {
    const { model, version } = input;
    const earlier = await findEvidence(database, model, version);
    if (earlier) return pending(earlier);
    const policy = await readPromotionPolicy(database, model);
    const registered = await getVersion(database, model, version);
    const retrain = await getRetrain(database, registered.retrainId);
    const comparison = await getComparison(database, model, version);
    const report = retrain.reportId === null ? null : await getReport(database, retrain.reportId);
    const training = await getDataset(database, registered.datasetId);
    const { body } = comparison;
    // Alarms do not refuse a version, so the person who decides must see them.
    const alarms = (comparison.decision?.alarms ?? []).map((alarm) => `alarm: ${alarm}`);
    const summary = [describeEvidence(body, version, comparison.championVersion), ...alarms].join('; ');
    const evidence = await writeEvidence(database, {
      model,
      version,
      championVersion: comparison.championVersion,
      expiresAt: new Date(input.expiresAt),
      policy,
      body: {
        model,
        version,
        summary,
        policy,
        requestedBy: retrain.requestedBy,
        ...(retrain.claimedBy !== null && { claimedBy: retrain.claimedBy }),
        definitionVersion: registered.definitionVersion,
        artifactDigest: registered.artifactDigest,
        ...(registered.unproven && { unproven: true }),
        rules: { retrain: RETRAIN_RULES, promotion: PROMOTION_RULES },
        report: report && {
          id: report.id,
          asOf: report.asOf.toISOString(),
          quality: report.quality,
          drift: report.drift,
          performance: report.performance,
          decision: report.decision,
        },
        training: {
          digest: training.digest,
          window: { from: training.window.from.toISOString(), to: training.window.to.toISOString() },
          rows: training.rows,
          labels: describeLabels(training),
          backfilled: training.backfilled,
          recipe: await readTuning(database, model, version),
          leaks: retrain.leaks,
        },
        comparison: body,
        decision: comparison.decision,
        validation: input.validation,
      },
    });
    return pending(evidence);
  },
});

/** Summarises stored evidence for its release. */
function pending({ digest, championVersion, body, expiresAt, policy }: Evidence): PendingEvidence {
  const { summary, requestedBy, comparison } = body as {
    summary: string;
    requestedBy: string;
    comparison: { window: { to: string } };
  };
  return {
    digest,
    championVersion,
    summary,
    requestedBy,
    asOf: comparison.window.to,
    expiresAt: expiresAt.toISOString(),
    ...(policy && { policy }),
  };
}
