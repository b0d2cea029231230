// watch/<model>/<version>: looks at a version for some time after its promotion. Does not change how the release ended.
import { CancellationScope, log, setHandler, sleep } from '@temporalio/workflow';
import { type WatchLook, type WatchPlan } from '../activities/watch.ts';
import { closeWatch, lookAtVersion, openWatch, rollBackWatched } from './activities.ts';
import { confirmServed } from './confirm-served.ts';
import { type WatchInput, type WatchResult, type WatchState, watchStateQuery } from './protocol/messages.ts';
import { describeFailure, Notifications, RunDetails, tag } from './run-details.ts';

/** Watches one version until its time is over or it leaves Production. */
export async function watchWorkflow(input: WatchInput): Promise<WatchResult> {
  const watch = new Watch(input);
  setHandler(watchStateQuery, () => watch.state, {
    description: 'Until when the version is watched, which rules are broken, and how the watch ended',
  });
  try {
    return await watch.run();
  } catch (error) {
    await watch.giveUp(error);
    throw error;
  } finally {
    await watch.notifications.settled();
  }
}

/** How long to wait after a look that failed, in milliseconds. */
const AFTER_FAILURE_MS = 600_000;

/** The steps of one watch. */
class Watch {
  readonly notifications = new Notifications();
  readonly #input: WatchInput;
  readonly #details: RunDetails;
  readonly #broken = new Set<string>();
  #state: WatchState;

  constructor(input: WatchInput) {
    const { model, version } = input;
    this.#input = input;
    this.#details = new RunDetails(`Watch over ${model} version ${version}`);
    this.#state = { model, version, endsAt: null, broken: [], outcome: null };
    tag({ version, outcome: 'watching' });
  }

  get state(): WatchState {
    return this.#state;
  }

  async run(): Promise<WatchResult> {
    const plan = await openWatch(this.#input);
    if (!plan) return this.#end('off', 'the policy watches nothing, or the version is not in Production');
    const { endsAt, onBreach } = plan;
    this.#state = { ...this.#state, endsAt };
    this.#details.add(`watches until ${endsAt}; on a breach: ${onBreach}`);
    let last: WatchLook | undefined;
    for (let waitMs: number | null = plan.waitMs; waitMs !== null; waitMs = this.#waitAfter(last, endsAt)) {
      await sleep(waitMs);
      last = await this.#look();
      if (last?.isChampion === false) return this.#close('left Production', last.words);
      const rolledBack = last && (await this.#act(last, plan));
      if (rolledBack !== undefined) return this.#close('rolled back', rolledBack);
    }
    if (this.#broken.size > 0) return this.#close('broken', `broken: ${[...this.#broken].join(', ')}`);
    return last ? this.#close('kept', last.words) : this.#close('not measured', 'the last look failed');
  }

  /** Records why a watch ended early. The release stays as it ended. */
  async giveUp(error: unknown): Promise<void> {
    const { kind, message } = describeFailure(error);
    if (this.#state.outcome !== null) return;
    await CancellationScope.nonCancellable(() =>
      this.#close(kind === 'cancelled' ? 'cancelled' : 'not measured', message),
    ).catch((cause: unknown) => log.warn('the end of a watch was not recorded', { error: String(cause) }));
  }

  #waitAfter(last: WatchLook | undefined, endsAt: string): number | null {
    if (last) return last.waitMs;
    return Date.now() < Date.parse(endsAt) ? AFTER_FAILURE_MS : null;
  }

  /** Looks at the version. A look that fails is left out, because later ones may succeed. */
  async #look(): Promise<WatchLook | undefined> {
    try {
      return await lookAtVersion(this.#input);
    } catch (error) {
      const { kind, message } = describeFailure(error);
      if (kind === 'cancelled') throw error;
      this.#details.add(`a look failed: ${message}`);
      return undefined;
    }
  }

  /** Acts on rules that are newly broken. @returns what was rolled back, if anything */
  async #act({ broken, words }: WatchLook, { onBreach }: WatchPlan): Promise<string | undefined> {
    const { model, version } = this.#input;
    const fresh = broken.filter((name) => !this.#broken.has(name));
    if (fresh.length === 0) return undefined;
    for (const name of fresh) this.#broken.add(name);
    this.#state = { ...this.#state, broken: [...this.#broken] };
    this.#details.add(`**broken** (${fresh.join(', ')}): ${words}`);
    const message = `version ${version} breaks its watch (${fresh.join(', ')}): ${words}`;
    this.notifications.send({ event: 'watch broken', model, version, message });
    if (onBreach === 'alert') return undefined;
    // Complete a swap that has begun: after a cancellation in the middle it would be unclear which version is served.
    return CancellationScope.nonCancellable(() => this.#rollBack(words));
  }

  async #rollBack(words: string): Promise<string | undefined> {
    const { model, version } = this.#input;
    try {
      const moved = await rollBackWatched({ model, version, words });
      if (!moved) return undefined;
      const summary = `${model} went back from version ${moved.from} to version ${moved.to}: ${words}`;
      this.#details.add(summary);
      this.notifications.send({ event: 'rolled back', model, version: moved.to, message: summary });
      await confirmServed({ model, version: moved.to }, this.#details, this.notifications);
      return summary;
    } catch (error) {
      const { message } = describeFailure(error);
      this.#details.add(`**not rolled back**: ${message}`);
      this.notifications.send({ event: 'failed', model, version, message: `not rolled back: ${message}` });
      return undefined;
    }
  }

  async #close(outcome: Exclude<WatchResult['outcome'], 'off'>, summary: string): Promise<WatchResult> {
    const { model, version } = this.#input;
    const result = this.#end(outcome, summary);
    await closeWatch({ model, version, outcome, summary });
    return result;
  }

  #end(outcome: WatchResult['outcome'], summary: string): WatchResult {
    const { version } = this.#input;
    this.#state = { ...this.#state, outcome };
    this.#details.add(`**${outcome}**: ${summary}`);
    tag({ outcome });
    return { version, outcome, summary };
  }
}
