// The activities as workflows call them: each with the retry policy of its class.
import { proxyActivities } from '@temporalio/workflow';
import { type Activities } from '../activities/index.ts';
import { partQueue } from './contracts.ts';
import { retryPolicies } from './retry-policies.ts';

export const {
  assembleEvidence,
  archiveCandidate,
  closeRetrain,
  decidePromotion,
  decideRetrain,
  definitionsToMaterialize,
  openRetrain,
  promote,
  rollBack,
  stageCandidate,
  startMonitor,
  startRelease,
  startRetrain,
  verifyDecision,
} = proxyActivities<Activities>(retryPolicies.store);

export const {
  checkLeaks,
  compareWithChampion,
  freezeTrainingWindow,
  freezeWindow,
  materializeDefinition,
  materializeOnline,
  planTraining,
  removeUnusedOnlineRows,
  validateCandidate,
} = proxyActivities<Activities>(retryPolicies.data);

export const { measureDrift, measurePerformance, checkQuality } = proxyActivities<Activities>(
  retryPolicies.data,
);

/** Steps that any worker takes one at a time. */
export const partActivities = (taskQueue: string) =>
  proxyActivities<Pick<Activities, 'profilePart'>>({
    ...retryPolicies.data,
    taskQueue: partQueue(taskQueue),
  });

export const { judgeTemporalHoldout, trainCandidate } = proxyActivities<Activities>(retryPolicies.training);

/** Recipes are judged where parts are counted: each keeps a thread busy and holds the training window. */
export const recipeActivities = (taskQueue: string) =>
  proxyActivities<Pick<Activities, 'judgeRecipe'>>({
    ...retryPolicies.training,
    taskQueue: partQueue(taskQueue),
  });

export const { confirmServing, prepareServing } = proxyActivities<Activities>(retryPolicies.serving);

export const { notify } = proxyActivities<Activities>(retryPolicies.notify);
