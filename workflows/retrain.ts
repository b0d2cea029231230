// retrain/<model>: trains, compares and decides, one request after the other. Takes minutes.
import { CancellationScope, condition, log, patched, setHandler, workflowInfo } from '@temporalio/workflow';
import { type Compared } from '../activities/compare.ts';
import {
  archiveCandidate,
  checkLeaks,
  closeRetrain,
  compareWithChampion,
  decidePromotion,
  freezeTrainingWindow,
  importCandidate,
  judgeTemporalHoldout,
  materializeOnline,
  openRetrain,
  planTraining,
  recipeActivities,
  stageCandidate,
  startRelease,
  trainCandidate,
} from './activities.ts';
import {
  type RetrainInput,
  type RetrainRequest,
  retrainRequestedSignal,
  type RetrainResult,
  type RetrainState,
  retrainStateQuery,
} from './protocol/messages.ts';
import {
  describeFailure,
  failedOf,
  JUDGEMENTS_RECORDED,
  Notifications,
  recordingFailure,
  RunDetails,
  tag,
} from './run-details.ts';

/**
 * Works through the requests that it receives, oldest first, and ends when none is left. If a request fails, the others
 * are still served, and the run fails at the end.
 */
export async function retrainWorkflow(input: RetrainInput): Promise<RetrainResult[]> {
  const queue: RetrainRequest[] = [];
  let state: RetrainState = {
    model: input.model,
    retrainId: null,
    step: 'waiting for a request',
    waiting: 0,
  };
  setHandler(retrainRequestedSignal, (request: RetrainRequest | undefined) => {
    if (typeof request?.retrainId !== 'string' || request.model !== input.model) {
      log.warn('ignored a request that does not name a retrain of this model');
      return;
    }
    const isKnown = queue.some(({ retrainId }) => retrainId === request.retrainId);
    if (!isKnown) queue.push(request);
  });
  setHandler(retrainStateQuery, () => ({ ...state, waiting: queue.length }), {
    description: 'The current request, its step, and the number of requests waiting',
  });

  const results: RetrainResult[] = [];
  let firstFailure: unknown;
  await condition(() => queue.length > 0);
  for (let request = queue.shift(); request; request = queue.shift()) {
    try {
      const { retrainId } = request;
      const enter = (step: string): void => void (state = { ...state, retrainId, step });
      const result = await serveRequest(request, enter);
      if (result) results.push(result);
    } catch (error) {
      firstFailure ??= error;
      if (describeFailure(error).kind === 'cancelled') break;
    }
  }
  if (firstFailure !== undefined) throw firstFailure as Error;
  return results;
}

/**
 * Runs one retrain from frozen dataset to Staging or refusal; on failure archives the candidate and throws the error.
 * Returns undefined for a request that was already served: a retry of the activity that sends it can deliver it twice.
 */
async function serveRequest(
  request: RetrainRequest,
  enter: (step: string) => void,
): Promise<RetrainResult | undefined> {
  const { retrainId, model } = request;
  const details = new RunDetails(`Retrain ${model}: ${request.trigger}`);
  const notifications = new Notifications();
  try {
    enter('opening');
    if ((await openRetrain(request)).alreadyClosed) return undefined;
    // Requests of earlier releases have no uploaded model, so this adds no step to their histories.
    if (request.isUploaded) {
      enter('importing the model');
      details.add((await importCandidate({ retrainId })).words);
    }
    enter('freezing the training window');
    const dataset = await freezeTrainingWindow({ retrainId });
    details.add(dataset.words);
    enter('looking for leaks');
    const leaks = await recordingFailure(checkLeaks, { retrainId });
    details.add(leaks.words);
    if (leaks.refused) return await refuseUntrained(request, leaks.refused, notifications);
    enter('planning the training');
    const planned = await planTraining({ retrainId });
    details.add(planned.words);
    await judgeRecipes(retrainId, planned.recipes, enter);
    enter('training');
    const candidate = await trainCandidate({ retrainId });
    tag({ version: candidate.version, stage: 'None' });
    details.add(candidate.words);
    const comparison = await compare(retrainId, enter);
    details.add(comparison.words);
    if (comparison.failed) {
      return await refuseUncompared(request, candidate.version, comparison.words, notifications);
    }
    enter('deciding');
    const decision = await decidePromotion({ retrainId });
    details.add(`**${decision.outcome}**: ${decision.reason}`);
    details.footer(decision.summary);
    log.info(decision.summary);
    if (decision.promote) {
      // Write the online rows before the version goes to Staging, so that they exist when somebody approves it.
      enter('writing online rows');
      details.add((await materializeOnline({ model, version: candidate.version })).words);
    }
    enter('carrying the decision out');
    // Carry the decision out completely: a cancellation in between would leave a version in Staging without a release.
    return await CancellationScope.nonCancellable(() =>
      settle(request, candidate.version, decision, details),
    );
  } catch (error) {
    await giveUp(request, error, notifications, details);
    throw error;
  } finally {
    await notifications.settled();
  }
}

/** Has each recipe judged on any free worker. */
async function judgeRecipes(
  retrainId: string,
  recipes: number,
  enter: (step: string) => void,
): Promise<void> {
  const { judgeRecipe } = recipeActivities(workflowInfo().taskQueue);
  let judged = 0;
  const showProgress = (): void => enter(`judging recipes: ${judged} of ${recipes}`);
  if (recipes > 0) showProgress();
  await Promise.all(
    Array.from({ length: recipes }, async (_, recipe) => {
      await recordingFailure(judgeRecipe, { retrainId, recipe });
      judged += 1;
      showProgress();
    }),
  );
}

/**
 * Compares the candidate with the champion. The temporal holdout is judged first in a step of its own, so that any
 * failure of it, even a worker that crashes on each attempt, is recorded with the comparison as a failed judgement.
 */
async function compare(retrainId: string, enter: (step: string) => void): Promise<Compared> {
  if (!patched(JUDGEMENTS_RECORDED)) {
    enter('comparing');
    return compareWithChampion({ retrainId });
  }
  enter('judging the temporal holdout');
  const judged = await judgeTemporalHoldout({ retrainId }).then(
    (outOfTime) => ({ outOfTime }),
    (error: unknown) => ({ outOfTimeFailed: failedOf(error) }),
  );
  enter('comparing');
  return recordingFailure(compareWithChampion, { retrainId, ...judged });
}

/**
 * Archives a candidate that could not be compared, regardless of the policy, because there is no evidence to decide on.
 */
async function refuseUncompared(
  { retrainId, model }: RetrainRequest,
  version: number,
  reason: string,
  notifications: Notifications,
): Promise<RetrainResult> {
  const summary = `candidate v${version} refused (judgement failed): ${reason}`;
  notifications.send({ event: 'judgement failed', model, version, message: reason });
  tag({ outcome: 'refused', stage: 'Archived' });
  log.warn(summary);
  await CancellationScope.nonCancellable(async () => {
    await archiveCandidate({ model, version, reason: 'refused', detail: reason });
    await closeRetrain({ retrainId, outcome: 'refused', reason, summary });
  });
  return { retrainId, outcome: 'refused', version, summary };
}

/** Closes a retrain that is refused before training, and sends a notification. */
async function refuseUntrained(
  { retrainId, model }: RetrainRequest,
  { code, reason }: { code: string; reason: string },
  notifications: Notifications,
): Promise<RetrainResult> {
  const summary = `refused before training: ${code}: ${reason}`;
  const event = code === 'JUDGEMENT_FAILED' ? 'judgement failed' : 'leak suspected';
  notifications.send({ event, model, version: null, message: reason });
  tag({ outcome: 'refused' });
  await CancellationScope.nonCancellable(() =>
    closeRetrain({ retrainId, outcome: 'refused', reason: `${code}: ${reason}`, summary }),
  );
  return { retrainId, outcome: 'refused', version: null, summary };
}

interface Decided {
  readonly promote: boolean;
  readonly reason: string;
  readonly summary: string;
}

/** Carries out the decision: moves the candidate to Staging and starts its release, or archives it. */
async function settle(
  { retrainId, model }: RetrainRequest,
  version: number,
  decision: Decided,
  details: RunDetails,
): Promise<RetrainResult> {
  const { reason, summary } = decision;
  const close = async (outcome: RetrainResult['outcome'], why: string): Promise<RetrainResult> => {
    await closeRetrain({ retrainId, outcome, reason: why, summary });
    tag({ outcome, stage: outcome === 'staged' ? 'Staging' : 'Archived' });
    return { retrainId, outcome, version, summary };
  };
  if (!decision.promote) {
    await archiveCandidate({ model, version, reason: 'refused', detail: reason });
    return close('refused', reason);
  }
  const staged = await stageCandidate({ retrainId, detail: reason });
  if (!staged.staged) {
    const why = 'another version is waiting for approval, and the policy keeps it';
    await archiveCandidate({ model, version, reason: 'refused', detail: why });
    return close('skipped', why);
  }
  if (staged.superseded !== null) details.add(`superseded version ${staged.superseded}`);
  const workflowId = await handOver(model, version, retrainId, staged.superseded);
  details.add(`version ${version} is in Staging: \`${workflowId}\` validates it and asks for approval`);
  return close('staged', reason);
}

/**
 * Starts the release of a version. If that fails, archives the version so that it does not stay in Staging without a
 * release.
 */
async function handOver(
  model: string,
  version: number,
  retrainId: string,
  superseded: number | null,
): Promise<string> {
  try {
    return (await startRelease({ retrainId, superseded })).workflowId;
  } catch (error) {
    const detail = `its release could not be started: ${describeFailure(error).message}`;
    await archiveCandidate({ model, version, reason: 'withdrawn', detail });
    throw error;
  }
}

/** Sends a notification, archives the trained version and closes the retrain; also runs after a cancellation. */
async function giveUp(
  { retrainId, model }: RetrainRequest,
  error: unknown,
  notifications: Notifications,
  details: RunDetails,
): Promise<void> {
  const { kind, message } = describeFailure(error);
  tag({ outcome: kind });
  details.add(`${kind}: ${message}`);
  // Notify first: if the database has failed, archiving has to wait for it.
  notifications.send({ event: 'failed', model, version: null, message });
  await CancellationScope.nonCancellable(async () => {
    await archiveCandidate({ model, retrainId, reason: kind, detail: message });
    await closeRetrain({ retrainId, outcome: kind, reason: message, summary: `${kind}: ${message}` });
  });
}
