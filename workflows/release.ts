// release/<model>/<version>: validates a version in Staging, waits for a decision and carries it out. May take weeks.
import {
  CancellationScope,
  log,
  ParentClosePolicy,
  patched,
  setHandler,
  startChild,
  workflowInfo,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { type Notification } from '../activities/notify.ts';
import { type PendingEvidence } from '../activities/evidence.ts';
import { type Validation } from '../activities/validate.ts';
import { type ApprovalOutcome } from '../domain/decisions/approval.ts';
import {
  archiveCandidate,
  assembleEvidence,
  prepareServing,
  promote,
  startRetrain,
  validateCandidate,
} from './activities.ts';
import { ApprovalDesk } from './approval-desk.ts';
import { confirmServed } from './confirm-served.ts';
import {
  type ReleaseInput,
  type ReleaseOutcome,
  type ReleaseResult,
  type ReleaseState,
  releaseStateQuery,
  searchAttributes,
  type WatchInput,
  workflowIds,
  workflowTypes,
} from './protocol/messages.ts';
import {
  describeFailure,
  howToDecide,
  Notifications,
  recordingFailure,
  RunDetails,
  tag,
} from './run-details.ts';

/** Moves one version from Staging to Production, or archives it with the reason. */
export async function releaseWorkflow(input: ReleaseInput): Promise<ReleaseResult> {
  const release = new Release(input);
  setHandler(releaseStateQuery, () => release.state, {
    description: 'Phase, evidence digest, expiry and outcome',
  });
  try {
    return await release.run();
  } catch (error) {
    await release.giveUp(error);
    throw error;
  } finally {
    await release.notifications.settled();
  }
}

/** The steps of one release. */
class Release {
  readonly notifications = new Notifications();
  readonly #input: ReleaseInput;
  readonly #desk: ApprovalDesk;
  readonly #details: RunDetails;
  #state: ReleaseState;
  #evidence: PendingEvidence | undefined;

  constructor(input: ReleaseInput) {
    const { model, version } = input;
    this.#input = input;
    this.#desk = new ApprovalDesk({ model, version });
    this.#details = new RunDetails(`Release of ${model} version ${version}`);
    this.#state = {
      model,
      version,
      phase: 'validating',
      evidenceDigest: null,
      expiresAt: null,
      outcome: null,
    };
    tag({ stage: 'Staging', version });
  }

  get state(): ReleaseState {
    return this.#state;
  }

  async run(): Promise<ReleaseResult> {
    const validation = await this.#validate();
    const result = await this.#settle(validation);
    await this.#desk.close();
    return result;
  }

  /** Archives the version of a release that was cancelled or has used up its retries. */
  async giveUp(error: unknown): Promise<void> {
    const { kind, message } = describeFailure(error);
    const outcome = kind === 'cancelled' ? 'withdrawn' : 'failed';
    const reason =
      kind === 'failed' && this.#state.phase === 'validating' ? 'validation_failed' : 'withdrawn';
    this.#details.add(`**${outcome}**: ${message}`);
    this.#details.footer('');
    this.#update({ phase: 'closed', outcome });
    // Notify first: if the database has failed, archiving has to wait for it.
    this.#notify('failed', message);
    await CancellationScope.nonCancellable(() => this.#moveToArchive(reason, message));
    tag({ stage: 'Archived', outcome });
    await this.#desk.close();
  }

  async #validate(): Promise<Validation> {
    const { model, version } = this.#input;
    const validation = await recordingFailure(validateCandidate, { model, version });
    for (const { name, passed, words } of validation.checks) {
      this.#details.add(`${passed ? 'passed' : '**failed**'} ${name}: ${words}`);
    }
    return validation;
  }

  /**
   * Determines the outcome and carries it out completely; a cancellation has an effect only while there is no outcome
   * yet.
   */
  async #settle(validation: Validation): Promise<ReleaseResult> {
    const superseded = this.#desk.outcome;
    if (!superseded && !validation.passed) {
      return this.#archive('validation failed', 'validation_failed', validation.words);
    }
    const outcome = superseded ?? (await this.#ask(validation));
    this.#details.footer('');
    return CancellationScope.nonCancellable(() => this.#carryOut(outcome));
  }

  /** Shows the evidence to a person and waits for a decision. */
  async #ask(validation: Validation): Promise<ApprovalOutcome> {
    const { model, version, expiresAfterMs, remindEveryMs } = this.#input;
    const deadline = Date.now() + expiresAfterMs;
    const expiresAt = new Date(deadline).toISOString();
    this.#evidence = await assembleEvidence({ model, version, expiresAt, validation });
    const { digest, summary } = this.#evidence;
    this.#update({ phase: 'waiting', evidenceDigest: digest, expiresAt });
    this.#details.add(`waits for a decision until ${expiresAt}`);
    this.#details.footer(howToDecide(version, digest, summary));
    tag({ outcome: 'waiting' });
    this.#notify('pending', `${summary}; evidence ${digest}`);
    const remind = (): void => this.#notify('reminder', `version ${version} is still waiting for a decision`);
    return this.#desk.waitForOutcome(deadline, remindEveryMs, remind);
  }

  async #carryOut(outcome: ApprovalOutcome): Promise<ReleaseResult> {
    switch (outcome.kind) {
      case 'approved':
        return this.#promote(outcome.message.decidedBy);
      case 'rejected': {
        const { decidedBy, comment } = outcome.message;
        return this.#archive('rejected', 'rejected', `rejected by ${decidedBy}: ${comment}`);
      }
      case 'expired':
        return this.#archive('expired', 'expired', 'nobody decided in time, and expiry never approves');
      case 'superseded':
        // The newer candidate has already archived this one, unless somebody sent the signal by hand.
        return this.#archive('superseded', 'superseded', `superseded by v${outcome.by}`);
    }
  }

  async #promote(approver: string): Promise<ReleaseResult> {
    const { model, version } = this.#input;
    this.#update({ phase: 'promoting' });
    this.#details.add(`approved by ${approver}`);
    const prepared = await prepareServing({ model, version });
    this.#details.add(`${prepared.instances} API instances have loaded it`);
    try {
      await promote({ model, version });
    } catch (error) {
      const { code, message } = describeFailure(error);
      if (code === 'STALE_CHAMPION') return this.#compareAgain(message);
      // The version was approved at the moment at which a newer version replaced it in Staging: the newer version wins.
      if (code === 'ILLEGAL_MOVE') return this.#close('superseded', 'Archived', message);
      throw error;
    }
    await confirmServed({ model, version }, this.#details, this.notifications);
    const result = this.#close(
      'promoted',
      'Production',
      `version ${version} is in Production, approved by ${approver}: ${this.#evidence?.summary}`,
    );
    // After the outcome is visible: nothing that happens to the watch changes how the release ended.
    if (patched('watch')) await startWatch({ model, version });
    return result;
  }

  /**
   * Archives the version and requests a retrain: the champion changed during the wait, so the approved comparison is no
   * longer valid.
   */
  async #compareAgain(message: string): Promise<ReleaseResult> {
    const { model, version, retrainId } = this.#input;
    const result = await this.#archive('stale', 'stale', message);
    await startRetrain({
      retrainId: `${retrainId}/stale-${version}`,
      model,
      reportId: null,
      asOf: this.#evidence?.asOf ?? null,
      trigger: 'stale',
      requestedBy: this.#evidence?.requestedBy ?? 'tidegate',
    });
    return result;
  }

  async #archive(outcome: ReleaseOutcome, reason: string, detail: string): Promise<ReleaseResult> {
    await this.#moveToArchive(reason, detail);
    return this.#close(outcome, 'Archived', `version ${this.#input.version} was archived: ${detail}`);
  }

  #moveToArchive(reason: string, detail: string): Promise<void> {
    const { model, version } = this.#input;
    return archiveCandidate({ model, version, reason, detail });
  }

  #close(outcome: ReleaseOutcome, stage: string, summary: string): ReleaseResult {
    this.#update({ phase: 'closed', outcome });
    this.#details.add(`**${outcome}**: ${summary}`);
    tag({ stage, outcome });
    this.#notify('decided', summary);
    log.info(summary);
    return { version: this.#input.version, outcome, summary };
  }

  #update(changes: Partial<ReleaseState>): void {
    this.#state = { ...this.#state, ...changes };
  }

  #notify(event: Notification['event'], message: string): void {
    const { model, version } = this.#input;
    this.notifications.send({ event, model, version, message });
  }
}

/**
 * Starts `watch/<model>/<version>` and returns as soon as Temporal has it, without a step that needs the database. Never
 * throws, because the version is in Production already. A version is watched once.
 */
async function startWatch(input: WatchInput): Promise<void> {
  const { model, version } = input;
  const { memo } = workflowInfo();
  try {
    await startChild(workflowTypes.watch, {
      workflowId: workflowIds.watch(model, version),
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      // The memo names the installation that the run belongs to.
      ...(memo && { memo }),
      typedSearchAttributes: [
        { key: searchAttributes.model, value: model },
        { key: searchAttributes.version, value: version },
      ],
      staticSummary: `Watch ${model} version ${version}`,
    });
  } catch (error) {
    log.warn('the watch over a promoted version was not started', { model, version, error: String(error) });
  }
}
