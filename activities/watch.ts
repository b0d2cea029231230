// Watches a version after its promotion: what was measured since, judged by the policy that was frozen before it.
import {
  describeWatch,
  judgeWatch,
  nextLook,
  type WatchFacts,
  type WatchPolicy,
  watchPolicyOf,
} from '../domain/decisions/watch.ts';
import { predictionChange, profileOfScores } from '../domain/drift/prediction-change.ts';
import { TidegateError } from '../domain/errors.ts';
import { latencyQuantile } from '../domain/performance/latency-counts.ts';
import { decodeScores } from '../domain/performance/score-reference.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { type Database } from '../store/postgres/database.ts';
import { findComparison } from '../store/registry/comparisons.ts';
import { findEvidence } from '../store/registry/evidence.ts';
import { rollBack } from '../store/registry/roll-back.ts';
import { requestsSince } from '../store/registry/serving-minutes.ts';
import { readScoreReference } from '../store/registry/versions.ts';
import { type VersionRef } from '../store/registry/wanted-versions.ts';
import {
  closeWatch,
  findWatch,
  inProductionSince,
  openWatch,
  performanceSince,
  recordLook,
  scoresSince,
  type WatchOutcome,
} from '../store/registry/watches.ts';
import { type ActivityDeps, byRule, currentRun } from './deps.ts';

/** A watch that is under way. */
export interface WatchPlan {
  /** When the version was promoted, ISO 8601. */
  readonly startedAt: string;
  /** When it ends, ISO 8601. */
  readonly endsAt: string;
  /** When to look first, in milliseconds from now. */
  readonly waitMs: number;
  readonly onBreach: 'alert' | 'roll back';
}

/** What one look at a version found. */
export interface WatchLook {
  /** Whether the version is still the champion. */
  readonly isChampion: boolean;
  /** Names of the rules that are broken. */
  readonly broken: readonly string[];
  readonly words: string;
  /** When to look again, in milliseconds from now; null if the time of the watch is over. */
  readonly waitMs: number | null;
}

/** The newest scores that are compared with the reference. */
const MAX_SCORES = 20_000;

/** The steps of a watch. */
export const watchActivities = ({ database }: ActivityDeps) => ({
  /** Opens the watch over a version; null if its policy watches nothing, or if it is not in Production. */
  async openWatch(version: VersionRef): Promise<WatchPlan | null> {
    const startedAt = await inProductionSince(database, version);
    const policy = await frozenWatch(database, version);
    if (!startedAt || !policy) return null;
    const endsAt = new Date(startedAt.getTime() + policy.forMs);
    await openWatch(database, { ...version, startedAt, endsAt, policy }, currentRun());
    return {
      startedAt: startedAt.toISOString(),
      endsAt: endsAt.toISOString(),
      waitMs: waitAt(startedAt, policy.forMs) ?? 1,
      onBreach: policy.onBreach,
    };
  },

  /** Measures a version since its promotion, judges it, and records both. */
  async lookAtVersion(version: VersionRef): Promise<WatchLook> {
    const watch = await findWatch(database, version);
    if (!watch)
      throw new TidegateError('DEFECT', `version ${version.version} of ${version.model} is not watched`);
    const since = await inProductionSince(database, version);
    if (since?.getTime() !== watch.startedAt.getTime()) {
      return { isChampion: false, broken: [], words: 'it is no longer in Production', waitMs: null };
    }
    const facts = await measure(database, version, since);
    const rules = judgeWatch(facts, watch.policy);
    await recordLook(database, version, { facts, rules });
    const broken = rules.filter(({ verdict }) => verdict === 'broken').map(({ name }) => name);
    return {
      isChampion: true,
      broken,
      words: describeWatch(rules),
      waitMs: waitAt(since, watch.policy.forMs),
    };
  },

  /**
   * Puts back the version that a watched version replaced, as the policy that was approved with it says.
   *
   * @returns null if the watched version is not the champion any more
   * @throws TidegateError NO_ROLLBACK_TARGET if it replaced none
   */
  async rollBackWatched({
    words,
    ...version
  }: VersionRef & { readonly words: string }): Promise<{ from: number; to: number } | null> {
    const { model } = version;
    const watch = await findWatch(database, version);
    if (watch?.policy.onBreach !== 'roll back') {
      throw new TidegateError(
        'ILLEGAL_MOVE',
        `the policy of version ${version.version} does not roll it back`,
      );
    }
    try {
      const detail = `the watch was broken: ${words}`;
      return await rollBack(database, model, undefined, byRule(), detail, version.version);
    } catch (error) {
      if (error instanceof TidegateError && error.code === 'STALE_CHAMPION') return null;
      throw error;
    }
  },

  /** Records how a watch ended. */
  async closeWatch(
    input: VersionRef & { readonly outcome: WatchOutcome; readonly summary: string },
  ): Promise<void> {
    await closeWatch(database, input, input.outcome, input.summary);
  },
});

function waitAt(startedAt: Date, forMs: number): number | null {
  const since = Math.max(0, Date.now() - startedAt.getTime());
  return since < forMs ? nextLook(since, forMs) : null;
}

/**
 * Returns the policy that was frozen with the evidence. A version that was approved without one is watched as its definition
 * says now, but never rolled back, because nobody agreed to that.
 */
async function frozenWatch(database: Database, { model, version }: VersionRef): Promise<WatchPolicy | null> {
  const evidence = await findEvidence(database, model, version);
  if (evidence?.policy) return watchPolicyOf(evidence.policy);
  const policy = watchPolicyOf((await getDefinition(database, model)).definition.promotion);
  return policy && { ...policy, onBreach: 'alert' };
}

async function measure(database: Database, version: VersionRef, since: Date): Promise<WatchFacts> {
  const { latency, ...requests } = await requestsSince(database, version, since);
  const performance = await performanceSince(database, version, since);
  const comparison = await findComparison(database, version.model, version.version);
  return {
    requests,
    p99Ms: latencyQuantile(latency, 0.99),
    scores: await measureScores(database, version, since),
    realised: performance?.measured ? (performance.realised?.auc ?? null) : null,
    promised: comparison?.body.candidate.auc ?? null,
  };
}

async function measureScores(
  database: Database,
  version: VersionRef,
  since: Date,
): Promise<WatchFacts['scores']> {
  const encoded = await readScoreReference(database, version.model, version.version);
  if (!encoded) return null;
  const scores = await scoresSince(database, version, since, MAX_SCORES);
  const { profile } = decodeScores(encoded);
  const [change] = predictionChange(profile, profileOfScores(profile, scores));
  if (change?.effectSize == null) return null;
  return { rows: scores.length, shift: change.effectSize, pValue: change.pValue ?? 0 };
}
