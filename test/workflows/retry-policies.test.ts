// The retry table as the server sees it: the options with which each activity was scheduled. Replay does not detect a change.
import { ApplicationFailure } from '@temporalio/common';
import { type History } from '@temporalio/common/lib/proto-utils.js';
import { msToNumber, tsToMs } from '@temporalio/common/lib/time.js';
import { describe, expect, it } from 'vitest';
import { type Activities } from '../../activities/index.ts';
import { approveSignal, noticeQueue, partQueue, peopleQueue } from '../../workflows/protocol/messages.ts';
import { retryPolicies } from '../../workflows/retry-policies.ts';
import { fakeActivities, watchLook, watchPlan } from './fake-activities.ts';
import { childrenOf, type ScheduledActivity, scheduledActivities } from './history.ts';
import { decision } from './pending-release.ts';
import { useLoops } from './with-loops.ts';

/** `announce` runs in the worker itself, so the server never sees its options. */
type Scheduled = Exclude<keyof Activities, 'announce'>;

/** The class of each activity; a new activity does not compile until it has one. */
const classes: Record<Scheduled, keyof typeof retryPolicies> = {
  freezeWindow: 'data',
  checkQuality: 'data',
  profilePart: 'data',
  measureDrift: 'data',
  measurePerformance: 'data',
  decideRetrain: 'store',
  startMonitor: 'store',
  startRetrain: 'store',
  openRetrain: 'store',
  freezeTrainingWindow: 'data',
  planTraining: 'data',
  judgeRecipe: 'training',
  checkLeaks: 'data',
  trainCandidate: 'training',
  judgeTemporalHoldout: 'training',
  compareWithChampion: 'data',
  decidePromotion: 'store',
  stageCandidate: 'store',
  archiveCandidate: 'store',
  startRelease: 'store',
  closeRetrain: 'store',
  importCandidate: 'data',
  definitionsToMaterialize: 'store',
  useMaterializeGrant: 'store',
  materializeDefinition: 'data',
  materializeOnline: 'data',
  removeUnusedOnlineRows: 'data',
  validateCandidate: 'data',
  assembleEvidence: 'store',
  readStanding: 'store',
  verifyDecision: 'store',
  prepareServing: 'serving',
  promote: 'store',
  confirmServing: 'serving',
  rollBack: 'store',
  openWatch: 'store',
  lookAtVersion: 'store',
  rollBackWatched: 'store',
  closeWatch: 'store',
  notify: 'notice',
};

interface Policy {
  readonly startToCloseTimeout: string;
  readonly scheduleToCloseTimeout?: string;
  readonly heartbeatTimeout?: string;
  readonly retry: {
    readonly initialInterval: string;
    readonly maximumInterval?: string;
    readonly maximumAttempts: number;
    readonly nonRetryableErrorTypes?: readonly string[];
  };
}

const BACKOFF = 2;

/** The options of the table in milliseconds, with the server's defaults filled in. */
function promised({ startToCloseTimeout, scheduleToCloseTimeout, heartbeatTimeout, retry }: Policy) {
  const initialInterval = ms(retry.initialInterval);
  return {
    startToClose: ms(startToCloseTimeout),
    scheduleToClose: ms(scheduleToCloseTimeout),
    heartbeat: ms(heartbeatTimeout),
    initialInterval,
    maximumInterval: retry.maximumInterval === undefined ? 100 * initialInterval : ms(retry.maximumInterval),
    backoff: BACKOFF,
    maximumAttempts: retry.maximumAttempts,
    nonRetryable: retry.nonRetryableErrorTypes ?? [],
  };
}

const ms = (duration: string | undefined): number => (duration === undefined ? 0 : msToNumber(duration));

/** The options in the history, in the same shape. */
function scheduled({ retryPolicy, ...timeouts }: ScheduledActivity): ReturnType<typeof promised> {
  return {
    startToClose: tsToMs(timeouts.startToCloseTimeout),
    scheduleToClose: tsToMs(timeouts.scheduleToCloseTimeout),
    heartbeat: tsToMs(timeouts.heartbeatTimeout),
    initialInterval: tsToMs(retryPolicy?.initialInterval),
    maximumInterval: tsToMs(retryPolicy?.maximumInterval),
    backoff: retryPolicy?.backoffCoefficient ?? 0,
    maximumAttempts: retryPolicy?.maximumAttempts ?? 0,
    nonRetryable: retryPolicy?.nonRetryableErrorTypes ?? [],
  };
}

/** The task queue of each activity; steps that a person waits for, keep a processor busy or may hang have separate queues. */
const QUEUES: Readonly<Partial<Record<keyof Activities, (taskQueue: string) => string>>> = {
  readStanding: peopleQueue,
  verifyDecision: peopleQueue,
  prepareServing: peopleQueue,
  promote: peopleQueue,
  confirmServing: peopleQueue,
  rollBack: peopleQueue,
  rollBackWatched: peopleQueue,
  profilePart: partQueue,
  judgeRecipe: partQueue,
  notify: noticeQueue,
};

const queueOf = (name: keyof Activities, taskQueue: string): string => QUEUES[name]?.(taskQueue) ?? taskQueue;

describe('the retry table', () => {
  const withLoops = useLoops();

  it('gives the options with which every activity of every loop is scheduled', () => {
    const fakes = fakeActivities({
      freezeWindow: async () => ({
        reportId: 7,
        rows: 7_000_000,
        labelledRows: 0,
        parts: 2,
        appliedBy: 'ada',
      }),
      decideRetrain: async () => ({
        retrain: true,
        outcome: 'share',
        reason: 'drifted',
        summary: 'share: drifted',
        lookAgain: { reportId: 5, asOf: '2024-01-31T00:00:00.000Z', freshLabels: 250 },
      }),
      planTraining: async () => ({ recipes: 2, words: '2 recipes' }),
      openWatch: async () => watchPlan({ onBreach: 'roll back' }),
      lookAtVersion: async () => watchLook({ broken: ['errors'] }),
      promote: async () => {
        throw ApplicationFailure.nonRetryable('version 3 is in Production', 'STALE_CHAMPION');
      },
    });
    return withLoops(
      fakes,
      async ({ client, taskQueue, monitor, retrain, release, rollback, materialize, watch }) => {
        const loops = [
          monitor(),
          retrain({ isUploaded: true }),
          release(),
          rollback(),
          materialize({ grantId: 'g' }),
          watch(),
        ] as const;
        const runs = await Promise.all(loops);
        await runs[2].signal(approveSignal, decision());
        const seen = new Map<string, ScheduledActivity>();
        const look = (history: History): void => {
          for (const activity of scheduledActivities(history)) {
            const name = activity.activityType?.name as Scheduled;
            expect(scheduled(activity), name).toEqual(promised(retryPolicies[classes[name]]));
            expect(activity.taskQueue?.name, name).toBe(queueOf(name, taskQueue));
            seen.set(name, activity);
          }
        };
        for (const run of runs) {
          await run.result();
          const history = await run.fetchHistory();
          look(history);
          for (const id of childrenOf(history)) {
            const notice = client.workflow.getHandle(id);
            await notice.result();
            look(await notice.fetchHistory());
          }
        }
        expect([...seen.keys()].sort()).toEqual(Object.keys(classes).sort());
        // Steps closer to a release go first.
        const way = [
          'freezeWindow',
          'checkQuality',
          'freezeTrainingWindow',
          'trainCandidate',
          'validateCandidate',
        ];
        expect(way.map((name) => seen.get(name)?.priority?.priorityKey)).toEqual([5, 4, 3, 2, 1]);
      },
    );
  });
});
