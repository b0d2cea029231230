// The paths whose histories are kept; each is played on a real server to record a history.
import { type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { type NativeConnection, Worker } from '@temporalio/worker';
import {
  approveSignal,
  decideUpdate,
  rejectSignal,
  supersededSignal,
  treesQueue,
} from '../../workflows/protocol/messages.ts';
import { eventually } from '../helpers/eventually.ts';
import { type WatchLook } from '../../activities/watch.ts';
import {
  type FakeActivities,
  fakeActivities,
  failingFor,
  supersededLater,
  watchLook,
  watchPlan,
} from '../workflows/fake-activities.ts';
import { gate } from '../workflows/gate.ts';
import { type Loops } from '../workflows/loops.ts';
import { decision, untilWaiting } from '../workflows/pending-release.ts';

/** One path through a loop. */
export interface Scenario {
  /** What the history protects; the name of its file. */
  readonly name: string;
  readonly fakes: FakeActivities;
  /** Starts a run and drives it; the history is fetched when it has ended. */
  play(loops: Loops): Promise<Pick<WorkflowHandle, 'workflowId' | 'result' | 'fetchHistory'>>;
}

const asOf = '2024-02-29T00:00:00.000Z';

const scenario = (name: string, fakes: FakeActivities, play: Scenario['play']): Scenario => ({
  name,
  fakes,
  play,
});

/** A release that is decided as soon as it waits for a decision. */
const release = (
  name: string,
  decide: (run: Awaited<ReturnType<Loops['release']>>) => Promise<unknown>,
  fakes = fakeActivities(),
): Scenario =>
  scenario(name, fakes, async (loops) => {
    const run = await loops.release();
    await untilWaiting(run);
    await decide(run);
    return run;
  });

/** Every scenario that one healthy worker can play. */
export const scenarios = (): Scenario[] => [
  scenario('no-drift', withoutDrift(), (loops) => loops.monitor({ asOf })),
  scenario('monitor-with-drift', fakeActivities(), (loops) => loops.monitor({ asOf })),
  scenario('profiled-in-parts', withManyRows(), (loops) => loops.monitor({ asOf })),
  scenario('contract-broken', withBrokenContract(), (loops) => loops.monitor({ asOf })),
  scenario('labels-came', withLabelsThatCame(), (loops) => loops.monitor({ asOf })),
  scenario('candidate-staged', fakeActivities(), (loops) => loops.retrain({})),
  scenario('candidate-tuned', withRecipes(), (loops) => loops.retrain({})),
  scenario('candidate-imported', fakeActivities(), (loops) =>
    loops.retrain({ isUploaded: true, trigger: 'import' }),
  ),
  scenario('candidate-worse', withWorseCandidate(), (loops) => loops.retrain({})),
  scenario('leak-suspected', withLeak(), (loops) => loops.retrain({})),
  scenario('window-not-judged', withoutMeasurements(), (loops) => loops.monitor({ asOf })),
  scenario('candidate-not-judged', withoutJudgements(), (loops) => loops.retrain({})),
  scenario('candidate-not-compared', withoutComparison(), (loops) => loops.retrain({})),
  scenario('not-validated', withoutValidation(), (loops) => loops.release()),
  retrainCancelled(),
  release('approved-by-signal', (run) => run.signal(approveSignal, decision())),
  release('notices-apart', (run) => run.signal(approveSignal, decision())),
  release('approved-by-update', (run) => run.executeUpdate(decideUpdate, { args: [decision()] })),
  release('rejected', (run) => run.signal(rejectSignal, decision({ comment: 'holidays' }))),
  release('refused-then-approved', async (run) => {
    await run.executeUpdate(decideUpdate, { args: [decision({ evidenceDigest: '0'.repeat(64) })] });
    await run.signal('approve', 'yes please');
    await run.signal(approveSignal, decision());
  }),
  release('bounded-queue', async (run) => {
    const grantId = '00000000-0000-4000-8000-000000000000';
    await run.signal(approveSignal, { ...decision({ evidenceDigest: '0'.repeat(64) }), grantId });
    await run.executeUpdate(decideUpdate, {
      args: [decision({ evidenceDigest: '0'.repeat(64) })],
      updateId: 'u',
    });
    await run.signal(approveSignal, decision());
  }),
  release('superseded', (run) => run.signal(supersededSignal, { by: 3 }), supersededInDatabase()),
  release('superseded-in-database', (run) => run.signal(supersededSignal, { by: 3 }), supersededInDatabase()),
  release('approved-by-two', approveTwice, neededTwo()),
  scenario('decided-before', decidedBefore(), (loops) => loops.release()),
  release('stale', (run) => run.signal(approveSignal, decision()), withStaleChampion()),
  release('withdrawn', (run) => run.cancel()),
  scenario('expired', fakeActivities(), (loops) =>
    loops.release({ expiresAfterMs: 3_500, remindEveryMs: 1_000 }),
  ),
  scenario('materialised', fakeActivities(), (loops) => loops.materialize({ asOf })),
  scenario('materialised-with-grant', fakeActivities(), (loops) => loops.materialize({ asOf, grantId: 'g' })),
  scenario('materialise-failed', withFailingDefinition(), (loops) => loops.materialize({ asOf })),
  scenario('rolled-back', fakeActivities(), (loops) => loops.rollback({ toVersion: 1 })),
  release('promoted-and-watched', (run) => run.signal(approveSignal, decision())),
  scenario('watch-kept', watched({}), (loops) => loops.watch()),
  scenario('watch-rolled-back', watched({ broken: ['errors'] }, 'roll back'), (loops) => loops.watch()),
  scenario('watch-off', fakeActivities(), (loops) => loops.watch()),
  scenario('trees-fitted', fakeActivities(), fittedTrees),
  scenario('trees-worker-missing', fakeActivities(), (loops) => loops.trees({ fitId: 8 })),
];

/** A version that is looked at twice. */
const watched = (look: Partial<WatchLook>, onBreach: 'alert' | 'roll back' = 'alert'): FakeActivities => {
  let looks = 0;
  return fakeActivities({
    openWatch: async () => watchPlan({ onBreach }),
    lookAtVersion: async () => ((looks += 1) === 1 ? watchLook({ waitMs: 1_000 }) : watchLook(look)),
  });
};

const withManyRows = (): FakeActivities =>
  fakeActivities({
    freezeWindow: async () => ({
      reportId: 7,
      rows: 7_000_000,
      labelledRows: 6_900_000,
      parts: 4,
      appliedBy: 'ada',
    }),
  });

const withRecipes = (): FakeActivities =>
  fakeActivities({
    planTraining: async () => ({ recipes: 6, words: '6 recipes to choose from, by 5 folds of 5500 rows' }),
  });

const withoutDrift = (): FakeActivities =>
  fakeActivities({
    decideRetrain: async () => ({
      retrain: false,
      outcome: 'none',
      reason: 'nothing drifted',
      summary: 'as of 2024-02-29: none: nothing drifted',
      lookAgain: null,
    }),
  });

const withBrokenContract = (): FakeActivities =>
  fakeActivities({
    checkQuality: async () => ({ words: 'quality: range of monthly_fee is broken', stops: true }),
    decideRetrain: async () => ({
      retrain: false,
      outcome: 'contract broken',
      reason: 'contracts that stop the loop are broken: range of monthly_fee',
      summary: 'as of 2024-02-29: contract broken: range of monthly_fee',
      lookAgain: null,
    }),
  });

const withLabelsThatCame = (): FakeActivities =>
  fakeActivities({
    decideRetrain: async () => ({
      retrain: false,
      outcome: 'none',
      reason: 'nothing drifted',
      summary: 'as of 2024-02-29: none: nothing drifted',
      lookAgain: { reportId: 5, asOf: '2024-01-31T00:00:00.000Z', freshLabels: 250 },
    }),
  });

const withWorseCandidate = (): FakeActivities =>
  fakeActivities({
    decidePromotion: async () => ({
      promote: false,
      outcome: 'not better',
      reason: 'not surely better by 0.01',
      summary: 'refused (not better): not surely better by 0.01',
    }),
  });

const withLeak = (): FakeActivities =>
  fakeActivities({
    checkLeaks: async () => ({
      words:
        'LEAK_SUSPECTED among 14 features on 5500 training rows: closed_reason alone separates the classes',
      refused: {
        code: 'LEAK_SUSPECTED',
        reason: 'closed_reason alone separates the classes without an error',
      },
    }),
  });

const withoutMeasurements = (): FakeActivities =>
  fakeActivities({
    measureDrift: failingFor({ words: 'drift was not measured' }),
    measurePerformance: failingFor({ words: 'performance was not measured' }),
    decideRetrain: async () => ({
      retrain: false,
      outcome: 'judgement failed',
      reason: 'the judgement "drift" was due and could not be made',
      summary: 'as of 2024-02-29: judgement failed',
      lookAgain: null,
      judgementFailed: true,
    }),
  });

const withoutJudgements = (): FakeActivities =>
  fakeActivities({
    checkLeaks: failingFor({ words: 'the leak check failed', refused: null }),
    planTraining: async () => ({ recipes: 2, words: '2 recipes to choose from' }),
    judgeRecipe: failingFor(undefined),
    judgeTemporalHoldout: async () => {
      throw ApplicationFailure.nonRetryable('the classes are separated', 'NOT_CONVERGED');
    },
  });

const withoutComparison = (): FakeActivities =>
  fakeActivities({ compareWithChampion: failingFor({ words: 'not compared', failed: true as const }) });

const withoutValidation = (): FakeActivities =>
  fakeActivities({ validateCandidate: failingFor({ passed: false, checks: [], words: 'not validated' }) });

const withFailingDefinition = (): FakeActivities => {
  const { materializeDefinition } = fakeActivities().activities;
  return fakeActivities({
    materializeDefinition: async (input) => {
      if (input.definitionVersion === 2) return materializeDefinition(input);
      throw ApplicationFailure.nonRetryable('no feature has a value', 'NO_ONLINE_VALUES');
    },
  });
};

const withStaleChampion = (): FakeActivities =>
  fakeActivities({
    promote: async () => {
      throw ApplicationFailure.nonRetryable('version 3 is in Production', 'STALE_CHAMPION');
    },
  });

/** Cancelled while the candidate is trained. */
function retrainCancelled(): Scenario {
  const training = gate();
  const fakes = fakeActivities({
    trainCandidate: () => training.pass().then(() => ({ version: 2, words: 'trained version 2' })),
  });
  return scenario('cancelled', fakes, async (loops) => {
    const run = await loops.retrain({});
    await eventually(() => {
      if (fakes.inputsOf('trainCandidate').length === 0) throw new Error('nothing is trained yet');
    });
    await run.cancel();
    training.open();
    return run;
  });
}

/** Fitted by a worker on the separate queue of trees. */
async function fittedTrees({ client, taskQueue, trees }: Loops): ReturnType<Scenario['play']> {
  const worker = await Worker.create({
    // The host's workers and clients share one connection.
    connection: client.connection as NativeConnection,
    identity: client.options.identity,
    taskQueue: treesQueue(taskQueue),
    activities: { fitTrees: () => Promise.resolve() },
  });
  const run = await trees({ fitId: 7 });
  await worker.runUntil(run.result());
  return run;
}

function supersededInDatabase(): FakeActivities {
  return fakeActivities({ readStanding: supersededLater() });
}

async function approveTwice(run: Awaited<ReturnType<Loops['release']>>): Promise<void> {
  await run.executeUpdate(decideUpdate, { args: [decision()] });
  await run.executeUpdate(decideUpdate, { args: [decision()] });
}

function neededTwo(): FakeActivities {
  let people = 0;
  return fakeActivities({
    verifyDecision: async ({ message }) => {
      people += 1;
      const accepted = { accepted: true, decision: message.decision, decidedBy: `person ${people}` } as const;
      return people === 1 ? { ...accepted, settles: false, people, needed: 2 } : accepted;
    },
  });
}

function decidedBefore(): FakeActivities {
  const settled = { kind: 'approved', decidedBy: 'ada', comment: '' } as const;
  return fakeActivities({ readStanding: async () => ({ settled, archived: null }) });
}
