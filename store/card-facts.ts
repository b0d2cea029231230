// Gathers everything that is recorded about a version for its model card.
import { type CardFacts } from '../domain/decisions/card/model-card.ts';
import { droppedFeatures } from '../domain/learning/artifact/artifact.ts';
import { type Database } from './postgres/database.ts';
import { getDataset } from './registry/dataset.ts';
import { getDefinition } from './definitions/definitions.ts';
import { findComparison } from './registry/comparisons.ts';
import { findAcceptedDecision } from './registry/decisions.ts';
import { findEvidence } from './registry/evidence.ts';
import { getReport } from './registry/reports.ts';
import { getRetrain } from './registry/retrains.ts';
import { listTransitions } from './registry/verify-chain.ts';
import { getVersion, readArtifact, readTuning } from './registry/versions.ts';

/** Gathers the facts of a version. @throws TidegateError UNKNOWN_MODEL, UNKNOWN_VERSION, ARTIFACT_CHANGED */
export async function cardFacts(database: Database, model: string, version: number): Promise<CardFacts> {
  await getDefinition(database, model);
  const registered = await getVersion(database, model, version);
  const { definition } = await getDefinition(database, model, registered.definitionVersion);
  const artifact = await readArtifact(database, model, version);
  const dataset = await getDataset(database, registered.datasetId);
  const comparison = await findComparison(database, model, version);
  const { reportId, leaks } = await getRetrain(database, registered.retrainId);
  const report = reportId === null ? null : await getReport(database, reportId);
  const decided = await findAcceptedDecision(database, model, version);
  const moves = (await listTransitions(database, model)).filter((move) => move.version === version);
  return {
    model,
    version,
    stage: registered.stage,
    definitionVersion: registered.definitionVersion,
    definition,
    training: {
      trainer: registered.trainer,
      artifactDigest: registered.artifactDigest,
      createdAt: registered.createdAt.toISOString(),
      seed: artifact.seed,
      trainedRows: artifact.trainedRows,
      positives: artifact.positives,
      dropped: droppedFeatures(artifact),
      unproven: registered.unproven,
      origin: artifact.format === 'onnx' ? (artifact.origin ?? null) : null,
      tuning: await readTuning(database, model, version),
      calibration: artifact.calibration ?? null,
      threshold: artifact.threshold ?? null,
    },
    data: {
      window: { from: dataset.window.from.toISOString(), to: dataset.window.to.toISOString() },
      labelsKnownBy: dataset.asKnownAt.toISOString(),
      rows: dataset.rows,
      labelledRows: dataset.labelledRows,
      assumedLabels: dataset.assumedLabels,
      awaitedLabels: dataset.awaitedLabels,
      overdueLabels: dataset.overdueLabels,
      backfilled: dataset.backfilled,
      trainingRows: dataset.trainingRows,
      holdoutRows: dataset.holdoutRows,
      digest: dataset.digest,
    },
    leaks,
    comparison: comparison
      ? {
          championVersion: comparison.championVersion,
          body: comparison.body,
          decision: comparison.decision,
          decidedAt: comparison.decidedAt?.toISOString() ?? null,
        }
      : null,
    report: report && { id: report.id, asOf: report.asOf.toISOString(), drift: report.drift },
    evidenceDigest: (await findEvidence(database, model, version))?.digest ?? null,
    approval: decided
      ? {
          decision: decided.decision,
          actor: decided.actor,
          authority: decided.authority,
          comment: decided.comment,
          at: decided.at.toISOString(),
          selfApproved: moves.some(({ selfApproved }) => selfApproved) || decided.selfApproved,
          breakGlass: decided.breakGlass,
        }
      : null,
    moves: moves.map(({ from, to, reason, detail, actor, authority, at, breakGlass }) => ({
      from,
      to,
      reason,
      detail,
      actor,
      authority,
      at: at.toISOString(),
      breakGlass,
    })),
  };
}
