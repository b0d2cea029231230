// The activities as workflows call them, each with the retry policy of its class.
import {
  type ActivityOptions,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
} from '@temporalio/workflow';
import { type Activities } from '../activities/index.ts';
import { noticeQueue, partQueue, peopleQueue } from './protocol/messages.ts';
import { retryPolicies } from './retry-policies.ts';

/**
 * Temporal priorities by progress towards a release. When steps wait for a worker, those closest to a release go first,
 * so that models do not all advance at the same pace and the first releases reach a person early. A server without
 * priorities runs them in the order in which they were scheduled.
 */
const priority = {
  release: { priorityKey: 1 },
  candidate: { priorityKey: 2 },
  /** The last steps of a monitor run and the first of a retrain. */
  retrain: { priorityKey: 3 },
  report: { priorityKey: 4 },
  begin: { priorityKey: 5 },
} as const satisfies Record<string, ActivityOptions['priority']>;

const { store, data, training } = retryPolicies;

export const { definitionsToMaterialize, useMaterializeGrant } = proxyActivities<Activities>({
  ...store,
  priority: priority.report,
});

export const { decideRetrain, openRetrain, startMonitor, startRetrain } = proxyActivities<Activities>({
  ...store,
  priority: priority.retrain,
});

export const { decidePromotion, stageCandidate, startRelease } = proxyActivities<Activities>({
  ...store,
  priority: priority.candidate,
});

export const { archiveCandidate, assembleEvidence, closeRetrain, closeWatch, lookAtVersion, openWatch } =
  proxyActivities<Activities>({
    ...store,
    priority: priority.release,
  });

export const { freezeWindow } = proxyActivities<Activities>({ ...data, priority: priority.begin });

export const { checkQuality, materializeDefinition, removeUnusedOnlineRows } = proxyActivities<Activities>({
  ...data,
  priority: priority.report,
});

export const {
  checkLeaks,
  freezeTrainingWindow,
  importCandidate,
  measureDrift,
  measurePerformance,
  planTraining,
} = proxyActivities<Activities>({
  ...data,
  priority: priority.retrain,
});

export const { compareWithChampion, materializeOnline } = proxyActivities<Activities>({
  ...data,
  priority: priority.candidate,
});

export const { validateCandidate } = proxyActivities<Activities>({ ...data, priority: priority.release });

export const { judgeTemporalHoldout, trainCandidate } = proxyActivities<Activities>({
  ...training,
  priority: priority.candidate,
});

/** Steps of which each worker runs only one at a time. */
export const partActivities = (taskQueue: string) =>
  proxyActivities<Pick<Activities, 'profilePart'>>({ ...data, taskQueue: partQueue(taskQueue) });

/**
 * Recipes are judged on the queue of the parts, because judging a recipe occupies a thread and keeps the training
 * window in memory.
 */
export const recipeActivities = (taskQueue: string) =>
  proxyActivities<Pick<Activities, 'judgeRecipe'>>({
    ...training,
    taskQueue: partQueue(taskQueue),
  });

/** Steps that a person is waiting for, on the task queue that has its own slots. */
const forPeople = (policy: ActivityOptions): Activities =>
  proxyActivities<Activities>({ ...policy, taskQueue: peopleQueue(workflowInfo().taskQueue) });

export const verifyDecision: Activities['verifyDecision'] = (input) =>
  forPeople(retryPolicies.store).verifyDecision(input);

export const readStanding: Activities['readStanding'] = (input) =>
  forPeople(retryPolicies.store).readStanding(input);

export const promote: Activities['promote'] = (input) => forPeople(retryPolicies.store).promote(input);

export const rollBack: Activities['rollBack'] = (input) => forPeople(retryPolicies.store).rollBack(input);

export const rollBackWatched: Activities['rollBackWatched'] = (input) =>
  forPeople(retryPolicies.store).rollBackWatched(input);

export const prepareServing: Activities['prepareServing'] = (input) =>
  forPeople(retryPolicies.serving).prepareServing(input);

export const confirmServing: Activities['confirmServing'] = (input) =>
  forPeople(retryPolicies.serving).confirmServing(input);

export const notify: Activities['notify'] = (input) =>
  proxyActivities<Activities>({
    ...retryPolicies.notify,
    taskQueue: noticeQueue(workflowInfo().taskQueue),
  }).notify(input);

/** Answers without a task of the server, in the worker that runs the workflow. */
export const { announce } = proxyLocalActivities<Pick<Activities, 'announce'>>(retryPolicies.announce);
