// release/<model>/<version>: validates a version in Staging, waits for a decision and carries it out. May take weeks.
import {
  CancellationScope,
  continueAsNew,
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
import { type ApprovalOutcome, MAX_REFUSALS_WRITTEN, type Refusals } from '../domain/decisions/approval.ts';
import {
  archiveCandidate,
  assembleEvidence,
  prepareServing,
  promote,
  startRetrain,
  validateCandidate,
} from './activities.ts';
import { ApprovalDesk, GRANTS } from './approval-desk.ts';
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
  let ended: ReleaseResult | ReleaseInput;
  try {
    ended = await release.run();
  } catch (error) {
    await release.giveUp(error);
    throw error;
  } finally {
    await release.notifications.settled();
  }
  return 'outcome' in ended ? ended : continueAsNew<typeof releaseWorkflow>(ended);
}

/** The outcome of a release whose version was archived before it asked. */
const OUTCOMES: Readonly<Record<string, ReleaseOutcome>> = {
  validation_failed: 'validation failed',
  rejected: 'rejected',
  expired: 'expired',
  superseded: 'superseded',
  stale: 'stale',
};

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
    this.#desk = new ApprovalDesk({ model, version }, input.resumed);
    this.#details = new RunDetails(`Release of ${model} version ${version}`);
    for (const line of input.resumed?.lines ?? []) this.#details.add(line);
    this.#evidence = input.resumed?.evidence;
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
    const { refused, dropped } = this.#desk.refusals;
    return { ...this.#state, ...(refused > 0 && { refused }), ...(dropped > 0 && { dropped }) };
  }

  /** Returns the result, or the input with which another run continues because the history has grown long. */
  async run(): Promise<ReleaseResult | ReleaseInput> {
    const result = (await this.#isOver()) ?? (await this.#settle(await this.#outcome()));
    if ('outcome' in result) await this.#desk.close();
    return result;
  }

  /** Asks the database whether the version was decided before: by an earlier run, or by the run that this one was reset from. */
  async #isOver(): Promise<ReleaseResult | undefined> {
    if (!patched(GRANTS)) return undefined;
    const { settled, archived } = await this.#desk.checkStanding();
    this.#desk.wasSettledBefore = this.#desk.outcome !== undefined;
    if (!archived || settled || this.#desk.wasSettledBefore) return undefined;
    const outcome = OUTCOMES[archived.reason] ?? 'withdrawn';
    return this.#close(outcome, 'Archived', `version ${this.#input.version} is archived: ${archived.detail}`);
  }

  /** Determines the outcome, or where the wait stands when another run is to continue. */
  async #outcome(): Promise<ApprovalOutcome | ReleaseInput | Validation> {
    const { resumed } = this.#input;
    if (this.#desk.wasSettledBefore) return this.#desk.outcome!;
    if (resumed) return this.#wait(resumed.evidence, resumed.deadline, resumed.remindAt);
    const validation = await this.#validate();
    await this.#desk.checkClaim();
    if (this.#desk.outcome) return this.#desk.outcome;
    return validation.passed ? this.#ask(validation) : validation;
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

  /** Carries an outcome out completely; a cancellation has an effect only while there is no outcome yet. */
  async #settle(outcome: ApprovalOutcome | ReleaseInput | Validation): Promise<ReleaseResult | ReleaseInput> {
    if ('model' in outcome) return outcome;
    if ('checks' in outcome) return this.#archive('validation failed', 'validation_failed', outcome.words);
    this.#details.footer('');
    return CancellationScope.nonCancellable(() => this.#carryOut(outcome));
  }

  /** Shows the evidence to a person and waits for a decision. */
  async #ask(validation: Validation): Promise<ApprovalOutcome | ReleaseInput> {
    const { model, version, expiresAfterMs } = this.#input;
    const deadline = Date.now() + expiresAfterMs;
    const expiresAt = new Date(deadline).toISOString();
    this.#evidence = await assembleEvidence({ model, version, expiresAt, validation });
    // A run that was reset gets the evidence that was stored before, with its instant.
    const until = this.#evidence.expiresAt ?? expiresAt;
    this.#details.add(`waits for a decision until ${until}`);
    return this.#wait(this.#evidence, Date.parse(until));
  }

  /** Waits for a decision; returns the input of the next run if the history has grown long. */
  async #wait(
    evidence: PendingEvidence,
    deadline: number,
    remindAt?: number,
  ): Promise<ApprovalOutcome | ReleaseInput> {
    const { version, remindEveryMs } = this.#input;
    const { digest, summary } = evidence;
    this.#update({
      phase: 'waiting',
      evidenceDigest: digest,
      expiresAt: new Date(deadline).toISOString(),
    });
    const show = (refusals: Refusals): void =>
      this.#details.footer(
        [howToDecide(this.#input, evidence), describeRefusals(refusals)]
          .filter((part) => part !== '')
          .join('\n\n'),
      );
    show(this.#desk.refusals);
    tag({ outcome: 'waiting' });
    if (remindAt === undefined) this.#notify('pending', `${summary}; evidence ${digest}`);
    const remind = (): void => this.#notify('reminder', `version ${version} is still waiting for a decision`);
    const note = (line: string): void => this.#details.add(line);
    const outcome = await this.#desk.waitForOutcome(deadline, remindEveryMs, remind, {
      ...(remindAt !== undefined && { remindAt }),
      note,
      onRefused: show,
      emergency: (line) => {
        note(`**break-glass**: ${line}`);
        this.#notify('break glass', `version ${version} of ${this.#input.model} was ${line}`);
      },
    });
    if (outcome) return outcome;
    const resumed = { evidence, deadline, lines: this.#details.lines, ...this.#desk.handOver() };
    return { ...this.#input, resumed };
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
    this.#notify('decided', summary, outcome);
    log.info(summary);
    return { version: this.#input.version, outcome, summary };
  }

  #update(changes: Partial<ReleaseState>): void {
    this.#state = { ...this.#state, ...changes };
  }

  #notify(event: Notification['event'], message: string, outcome?: ReleaseOutcome): void {
    const { model, version } = this.#input;
    this.notifications.send({ event, model, version, message, ...(outcome && { outcome }) });
  }
}

/** Says how many decisions were refused, if any were. */
function describeRefusals({ refused, dropped }: Refusals): string {
  if (refused === 0 && dropped === 0) return '';
  const written = refused > MAX_REFUSALS_WRITTEN ? `; the first ${MAX_REFUSALS_WRITTEN} are recorded` : '';
  const ignored = dropped > 0 ? `; ${dropped} signals were ignored, because too many were waiting` : '';
  return `${refused} decisions were refused${written}${ignored}.`;
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
