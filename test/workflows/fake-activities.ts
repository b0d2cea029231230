// Fakes of all activities that return immediately and record their calls.
import { type Standing } from '../../activities/verify-decision.ts';
import { ApplicationFailure } from '@temporalio/common';
import { type PendingEvidence } from '../../activities/evidence.ts';
import { type Activities } from '../../activities/index.ts';
import { type WatchLook, type WatchPlan } from '../../activities/watch.ts';
import { malformed } from '../../domain/decisions/approval.ts';

/** One call of an activity, with its only argument. */
export interface Call<Name extends keyof Activities = keyof Activities> {
  readonly name: Name;
  readonly input: Parameters<Activities[Name]>[0];
}

/** Activities for a worker, and a record of their calls. */
export interface FakeActivities {
  readonly activities: Activities;
  /** All calls in order. */
  readonly calls: readonly Call[];
  /** The inputs of one activity, oldest first. */
  inputsOf<Name extends keyof Activities>(name: Name): Parameters<Activities[Name]>[0][];
}

/** The digest of the pending evidence, unless a test overrides it. */
export const EVIDENCE_DIGEST = 'e5'.repeat(32);

/** The version that is trained, and the one in Production, unless a test overrides them. */
export const CANDIDATE = 2;
export const CHAMPION = 1;

/** The pending evidence, unless a test overrides it. */
export const EVIDENCE: PendingEvidence = {
  digest: EVIDENCE_DIGEST,
  championVersion: CHAMPION,
  summary: 'AUC of version 2 0.622 against 0.494 by version 1',
  requestedBy: 'ada',
  asOf: '2024-02-29T00:00:00.000Z',
};

/**
 * Creates activities of a model whose data drifted and whose candidate is better; `overrides` replace individual ones.
 *
 * @example const fakes = fakeActivities({ decideRetrain: async () => NO_DRIFT });
 */
export function fakeActivities(overrides: Partial<Activities> = {}): FakeActivities {
  const calls: Call[] = [];
  const activities = recording({ ...defaults(), ...overrides }, calls);
  return {
    activities,
    calls,
    inputsOf: <Name extends keyof Activities>(name: Name) =>
      calls.filter((call): call is Call<Name> => call.name === name).map(({ input }) => input),
  };
}

/** A watch of ten minutes that looks at once, and only alerts. */
export const watchPlan = (changes: Partial<WatchPlan> = {}): WatchPlan => ({
  startedAt: new Date().toISOString(),
  endsAt: new Date(Date.now() + 600_000).toISOString(),
  waitMs: 1,
  onBreach: 'alert',
  ...changes,
});

/** A look at the end of a watch that found nothing wrong. */
export const watchLook = (changes: Partial<WatchLook> = {}): WatchLook => ({
  isChampion: true,
  broken: [],
  words: 'what was measured',
  waitMs: null,
  ...changes,
});

/** A judging step that fails permanently on every attempt, and then records the failure when called with `failed`. */
export const failingFor = <Answer>(answer: Answer) => {
  return async ({ failed }: { readonly failed?: unknown }): Promise<Answer> => {
    if (failed === undefined) throw ApplicationFailure.nonRetryable('the rows are gone', 'DATASET_EXPIRED');
    return answer;
  };
};

/** The failure that such a step is called with. */
export const FAILED = { code: 'DATASET_EXPIRED', reason: 'the rows are gone' };

function recording(activities: Activities, calls: Call[]): Activities {
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    (input: Call['input']): Promise<unknown> => {
      calls.push({ name: name as keyof Activities, input });
      return (activity as (input: Call['input']) => Promise<unknown>)(input);
    },
  ]);
  return Object.fromEntries(wrapped) as Activities;
}

/** The minimal state that the loops need: a retrain closes once, and the first valid decision on a version in Staging counts. */
function defaults(): Activities {
  const closed = new Set<string>();
  let settled: string | undefined;
  return {
    freezeWindow: async () => ({ reportId: 7, rows: 7_000, labelledRows: 6_900, parts: 1, appliedBy: 'ada' }),
    checkQuality: async () => ({ words: 'quality: all 29 contracts pass', stops: false }),
    profilePart: async () => undefined,
    measureDrift: async () => ({ words: 'rebuffer_events_7d drifted' }),
    measurePerformance: async () => ({ words: 'performance: version 1 has AUC 0.494' }),
    decideRetrain: async () => ({
      retrain: true,
      outcome: 'share',
      reason: '7.1 % of the columns drifted',
      summary: 'as of 2024-02-29: production v1 AUC 0.494, share: 7.1 % of the columns drifted',
      lookAgain: null,
    }),
    startMonitor: async ({ model, reportId }) => ({ workflowId: `monitor/${model}/again/${reportId}` }),
    startRetrain: async ({ model, retrainId }) => ({ workflowId: `retrain/${model}`, retrainId }),
    startRelease: async ({ retrainId }) => ({ workflowId: `release/${retrainId}` }),
    openRetrain: async ({ retrainId }) => ({ alreadyClosed: closed.has(retrainId) }),
    closeRetrain: async ({ retrainId }) => void closed.add(retrainId),
    importCandidate: async () => ({ words: `imported version ${CANDIDATE}` }),
    freezeTrainingWindow: async () => ({ words: 'froze 7000 rows, 6900 labelled, 1400 held out' }),
    planTraining: async () => ({ recipes: 0, words: 'one recipe: all rows, l2 1, no class weights' }),
    judgeRecipe: async () => undefined,
    checkLeaks: async () => ({
      words: 'no leak found among 14 features on 5500 training rows',
      refused: null,
    }),
    trainCandidate: async () => ({ version: CANDIDATE, words: `trained version ${CANDIDATE} on 5500 rows` }),
    judgeTemporalHoldout: async () => ({
      judged: false,
      due: false,
      reason: 'the evaluation rows have one row time',
    }),
    compareWithChampion: async () => ({ words: 'version 2 has AUC 0.622, version 1 0.494' }),
    decidePromotion: async () => ({
      promote: true,
      outcome: 'better',
      reason: 'surely better by 0.128',
      summary: 'as of 2024-02-29: candidate v2 AUC 0.622, production v1 AUC 0.494, to Staging',
    }),
    stageCandidate: async () => ({ staged: true, superseded: null }),
    archiveCandidate: async ({ reason }) => void (settled ??= `the version was archived: ${reason}`),
    useMaterializeGrant: async () => ({ person: 'ada' }),
    definitionsToMaterialize: async () => ({ versions: [1, 2] }),
    materializeDefinition: async ({ definitionVersion, asOf, scope }) => ({
      definitionVersion,
      asOf,
      scope: scope.kind,
      fullBecause: null,
      lookedAt: 70,
      written: 70,
      removed: 0,
      nothing: null,
      words: `definition ${definitionVersion}: 70 changed entities as of ${asOf}: 70 rows written`,
    }),
    removeUnusedOnlineRows: async () => ({ removed: [] }),
    materializeOnline: async () => ({ words: 'materialised 7000 entities' }),
    validateCandidate: async () => ({
      passed: true,
      checks: [{ name: 'artifact', passed: true, words: '1400 scores are identical after reloading' }],
      words: '',
    }),
    assembleEvidence: async () => EVIDENCE,
    readStanding: () => Promise.resolve({ settled: null, archived: null }),
    verifyDecision: async ({ version, message }) => {
      const { decision } = message;
      const refusal =
        malformed(message) ??
        (message.version === version ? undefined : `version ${version} is pending here`) ??
        (message.evidenceDigest === EVIDENCE_DIGEST ? undefined : 'the decision rests on other evidence') ??
        settled;
      if (refusal !== undefined) return { accepted: false, decision, refusal };
      settled = `the version was decided on by ${message.decidedBy}`;
      return { accepted: true, decision };
    },
    prepareServing: async () => ({ instances: 2 }),
    promote: async () => undefined,
    confirmServing: async () => ({ instances: 2 }),
    rollBack: async () => ({ from: CANDIDATE, to: CHAMPION }),
    openWatch: async () => null,
    lookAtVersion: async () => watchLook(),
    rollBackWatched: async () => ({ from: CANDIDATE, to: CHAMPION }),
    closeWatch: async () => undefined,
    announce: async () => true,
    notify: async () => undefined,
  };
}

/** `readStanding` of a version that waits when its release begins, and is superseded by version 3 when it asks again. */
export function supersededLater(): () => Promise<Standing> {
  let asked = 0;
  return async () => {
    asked += 1;
    const archived = { reason: 'superseded', detail: 'superseded by v3', supersededBy: 3 };
    return { settled: null, archived: asked === 1 ? null : archived };
  };
}
