// Gathers what is recorded about a version for its page.
import {
  type MayDecide,
  type VersionEvent,
  type VersionView,
} from '../../console/pages/version/version-view.ts';
import { readDriftPart } from '../../domain/decisions/read-drift-part.ts';
import { type Validation } from '../../domain/decisions/validation.ts';
import { type Caller, may } from '../../domain/identity/caller.ts';
import { type Database } from '../../store/postgres/database.ts';
import { findComparison } from '../../store/registry/comparisons.ts';
import { getDataset } from '../../store/registry/dataset.ts';
import { listDecisions, type RecordedDecision } from '../../store/registry/decisions.ts';
import { type Evidence, findEvidence } from '../../store/registry/evidence.ts';
import { listComments } from '../../store/registry/facts.ts';
import { findReportFigures } from '../../store/registry/report-figures.ts';
import { getReport } from '../../store/registry/reports.ts';
import { getRetrain, type Retrain } from '../../store/registry/retrains.ts';
import { listTransitions, type Transition } from '../../store/registry/verify-chain.ts';
import { getVersion } from '../../store/registry/versions.ts';

/** Gathers a version. @throws TidegateError UNKNOWN_VERSION, EVIDENCE_CHANGED */
export async function versionRecord(
  database: Database,
  caller: Caller,
  model: string,
  number: number,
): Promise<VersionView> {
  const version = await getVersion(database, model, number);
  const [retrain, comparison, evidence, decisions, comments, moves, dataset] = await Promise.all([
    getRetrain(database, version.retrainId),
    findComparison(database, model, number),
    findEvidence(database, model, number),
    listDecisions(database, model, number),
    listComments(database, model, number),
    listTransitions(database, model),
    getDataset(database, version.datasetId),
  ]);
  const report = retrain.reportId === null ? null : await getReport(database, retrain.reportId);
  const figures = report && (await findReportFigures(database, report.id));
  const waits =
    version.stage === 'Staging' && evidence !== undefined && !decisions.some(({ settles }) => settles);
  const approvals = decisions.filter(({ accepted, decision }) => accepted && decision === 'approve');
  return {
    model,
    version: number,
    stage: version.stage,
    createdAt: version.createdAt,
    championVersion: comparison?.championVersion ?? null,
    requestedBy: retrain.requestedBy,
    trigger: retrain.trigger,
    definitionVersion: version.definitionVersion,
    trainer: version.trainer,
    artifactDigest: version.artifactDigest,
    training: {
      from: dataset.window.from,
      to: dataset.window.to,
      rows: dataset.rows,
      trainingRows: dataset.trainingRows,
      digest: dataset.digest,
    },
    comparison: comparison?.body ?? null,
    decision: comparison?.decision ?? null,
    checks: validationOf(evidence)?.checks ?? [],
    report: report && {
      id: report.id,
      asOf: report.asOf,
      drift: readDriftPart(report.drift),
      performance: report.performance,
      reason: report.decision?.reason ?? null,
      promised:
        figures && figures.promisedLow !== null && figures.promisedHigh !== null
          ? { low: figures.promisedLow, high: figures.promisedHigh }
          : null,
    },
    evidence: evidence
      ? { digest: evidence.digest, expiresAt: evidence.expiresAt, policy: evidence.policy }
      : null,
    approvedBy: approvals.map(({ actor }) => actor),
    waits,
    events: eventsOf(
      version,
      retrain,
      moves.filter((move) => move.version === number),
      decisions,
      comments,
    ),
    mayDecide: waits ? mayDecide(caller, model, evidence, decisions) : { state: 'may not', why: '' },
    mayComment: caller.personId !== null || caller.via === 'off',
  };
}

const validationOf = (evidence: Evidence | undefined): Validation | undefined =>
  (evidence?.body as { readonly validation?: Validation } | undefined)?.validation;

/** Says whether a person may decide now; the release itself checks it once more. */
export function mayDecide(
  caller: Caller,
  model: string,
  { policy, requesterIds }: Pick<Evidence, 'policy' | 'requesterIds'>,
  decisions: readonly Pick<RecordedDecision, 'personId' | 'accepted' | 'decision'>[],
): MayDecide {
  const cannot = (why: string): MayDecide => ({ state: 'may not', why });
  const role = policy?.approvers.role ?? 'approver';
  if (!may(caller, role, model))
    return cannot(
      `You can read this, but not decide: that takes the role ${role} for ${model}. An admin can give it: tidegate role grant ${caller.name} ${role} --model ${model}`,
    );
  const person = caller.ownerId ?? caller.personId;
  if (person !== null && decisions.some(({ accepted, personId }) => accepted && personId === person))
    return cannot('You have decided already. Others have to agree before the version is promoted.');
  const asked = person !== null && requesterIds.includes(person);
  const given = decisions.filter(({ accepted, decision }) => accepted && decision === 'approve').length;
  return {
    state: 'may',
    notApprove:
      asked && policy?.selfApproval !== 'record'
        ? 'You asked for this version, so somebody else has to approve it; you can reject it'
        : null,
    missing: (policy?.approvals ?? 1) - given,
    commentRequired: policy?.commentRequired ?? false,
  };
}

const REASONS: Readonly<Record<string, string>> = {
  rules_passed: 'passed the rules and went to Staging',
  refused: 'was refused by the rules',
  failed: 'was archived because a step failed',
  cancelled: 'was archived because its retrain was cancelled',
  approved: 'went into Production',
  validation_failed: 'was archived because a check failed',
  rejected: 'was archived',
  expired: 'was archived because nobody decided in time',
  superseded: 'was archived because a newer version took its place',
  stale: 'was archived because the champion changed meanwhile',
  withdrawn: 'was withdrawn',
  replaced: 'was replaced',
  rolled_back: 'was taken out of Production by a rollback',
  rollback: 'came back into Production by a rollback',
};

function eventsOf(
  { version, createdAt }: { readonly version: number; readonly createdAt: Date },
  { requestedBy, startedAt }: Pick<Retrain, 'requestedBy' | 'startedAt'>,
  moves: readonly Transition[],
  decisions: readonly RecordedDecision[],
  comments: readonly { readonly at: Date; readonly actor: string; readonly text: string }[],
): VersionEvent[] {
  const events: VersionEvent[] = [
    { at: startedAt, actor: requestedBy, what: 'asked for a retrain', text: '', tone: 'plain' },
    { at: createdAt, actor: null, what: `Version ${version} was trained`, text: '', tone: 'plain' },
    ...moves.map(({ at, reason, detail, to }): VersionEvent => ({
      at,
      actor: null,
      what: `Version ${version} ${REASONS[reason] ?? `moved to ${to}`}`,
      // Decisions stand in the list themselves, with their comments.
      text: reason === 'approved' || reason === 'rejected' || reason === 'rules_passed' ? '' : detail,
      tone: to === 'Production' ? 'good' : 'plain',
    })),
    ...decisions.map(
      ({ at, actor, decision, comment, accepted, refusal, authority, selfApproved }): VersionEvent => ({
        at,
        actor,
        what: accepted
          ? `${decision === 'approve' ? 'approved' : 'rejected'} version ${version}${selfApproved ? ', which this person asked for' : ''}${authority === 'unverified' ? ' (nobody checked who sent it)' : ''}`
          : `was refused: ${refusal ?? 'the decision did not count'}`,
        text: comment,
        tone: accepted ? (decision === 'approve' ? 'good' : 'alarm') : 'alarm',
      }),
    ),
    ...comments.map(({ at, actor, text }): VersionEvent => ({
      at,
      actor,
      what: 'commented',
      text,
      tone: 'comment',
    })),
  ];
  return events.sort((a, b) => a.at.getTime() - b.at.getTime());
}
