// release/<model>/<version>: validates a version in Staging, waits for a decision and carries it out. Weeks.
import { CancellationScope, log, setHandler } from '@temporalio/workflow';
import { type ApprovalOutcome } from '../domain/lifecycle/approval.ts';
import {
  archiveCandidate,
  assembleEvidence,
  confirmServing,
  materializeOnline,
  prepareServing,
  promote,
  startRetrain,
  validateCandidate,
} from './activities.ts';
import { ApprovalDesk } from './approval-desk.ts';
import {
  type ReleaseInput,
  type ReleaseOutcome,
  type ReleaseResult,
  type ReleaseState,
  releaseStateQuery,
} from './contracts.ts';
import { describeFailure } from './failure.ts';
import { Notifications } from './notifications.ts';
import { howToDecide } from './how-to-decide.ts';
import { RunDetails, tag } from './run-details.ts';

/** Brings one version from Staging to Production, or to the archive with the reason. */
export async function releaseWorkflow(input: ReleaseInput): Promise<ReleaseResult> {
  const { model, version } = input;
  let state: ReleaseState = {
    model,
    version,
    phase: 'validating',
    evidenceDigest: null,
    expiresAt: null,
    outcome: null,
  };
  setHandler(releaseStateQuery, () => state, { description: 'Phase, evidence digest, expiry and outcome' });
  const update = (changes: Partial<ReleaseState>): void => void (state = { ...state, ...changes });
  const release = new Release(input, update);
  try {
    const result = await release.run();
    update({ phase: 'closed', outcome: result.outcome });
    return result;
  } catch (error) {
    await release.giveUp(error);
    throw error;
  } finally {
    await release.notifications.settled();
  }
}

interface Pending {
  readonly digest: string;
  readonly championVersion: number | null;
  readonly summary: string;
}

/** The steps of one release. */
class Release {
  readonly notifications = new Notifications();
  readonly #input: ReleaseInput;
  readonly #update: (changes: Partial<ReleaseState>) => void;
  readonly #desk: ApprovalDesk;
  readonly #details: RunDetails;

  constructor(input: ReleaseInput, update: (changes: Partial<ReleaseState>) => void) {
    this.#input = input;
    this.#update = update;
    this.#desk = new ApprovalDesk(input);
    this.#details = new RunDetails(`Release of ${input.model} version ${input.version}`);
    tag({ stage: 'Staging', version: input.version });
  }

  async run(): Promise<ReleaseResult> {
    const { model, version } = this.#input;
    const online = await materializeOnline({ model, version });
    this.#details.add(online.words);
    const validation = await validateCandidate({ model, version });
    for (const { name, passed, words } of validation.checks) {
      this.#details.add(`${passed ? 'passed' : '**failed**'} ${name}: ${words}`);
    }
    if (!validation.passed) return this.#archive('validation failed', 'validation_failed', validation.words);
    const deadline = Date.now() + this.#input.expiresAfterMs;
    const expiresAt = new Date(deadline).toISOString();
    const pending = await assembleEvidence({ model, version, expiresAt, validation });
    this.#ask(pending, expiresAt);
    const remind = (): void => this.#notify('reminder', `version ${version} still waits for a decision`);
    const outcome = await this.#desk.waitForOutcome(deadline, this.#input.remindEveryMs, remind);
    const result = await this.#carryOut(outcome, pending);
    await this.#desk.close();
    return result;
  }

  /** A release out of retries, or cancelled, leaves its version in the archive. */
  async giveUp(error: unknown): Promise<void> {
    const { kind, message } = describeFailure(error);
    const reason = kind === 'cancelled' ? 'withdrawn' : 'validation_failed';
    await CancellationScope.nonCancellable(() =>
      archiveCandidate({ ...this.#input, reason, detail: message }),
    );
    this.#details.add(`${kind}: ${message}`);
    tag({ stage: 'Archived', outcome: kind });
    this.#notify('failed', message);
  }

  #ask(pending: Pending, expiresAt: string): void {
    this.#update({ phase: 'waiting', evidenceDigest: pending.digest, expiresAt });
    this.#details.add(`waits for a decision until ${expiresAt}`);
    this.#details.footer(howToDecide(this.#input.version, pending.digest, pending.summary));
    tag({ outcome: 'waiting' });
    this.#notify('pending', `${pending.summary}; evidence ${pending.digest}`);
  }

  async #carryOut(outcome: ApprovalOutcome, pending: Pending): Promise<ReleaseResult> {
    this.#details.footer('');
    switch (outcome.kind) {
      case 'approved':
        return this.#promote(pending, outcome.message.decidedBy);
      case 'rejected':
        return this.#archive(
          'rejected',
          'rejected',
          `rejected by ${outcome.message.decidedBy}: ${outcome.message.comment}`,
        );
      case 'expired':
        return this.#archive('expired', 'expired', 'nobody decided in time, and expiry never approves');
      case 'withdrawn':
        return this.#archive('withdrawn', 'withdrawn', outcome.reason);
      case 'superseded':
        // The newer candidate moved this one to the archive when it took its place.
        return this.#close('superseded', 'Archived', `superseded by version ${outcome.by}`);
    }
  }

  async #promote(pending: Pending, approver: string): Promise<ReleaseResult> {
    const { model, version } = this.#input;
    this.#update({ phase: 'promoting' });
    this.#details.add(`approved by ${approver}`);
    const prepared = await prepareServing({ model, version });
    this.#details.add(`${prepared.instances} API instances have loaded it`);
    try {
      await promote({ model, version });
    } catch (error) {
      if (describeFailure(error).code !== 'STALE_CHAMPION') throw error;
      return this.#compareAnew(describeFailure(error).message);
    }
    await this.#confirm();
    return this.#close(
      'promoted',
      'Production',
      `version ${version} is in Production, approved by ${approver}: ${pending.summary}`,
    );
  }

  /** The swap is done: an instance that cannot follow is told of, and does not undo it. */
  async #confirm(): Promise<void> {
    try {
      const { instances } = await confirmServing({ model: this.#input.model, version: this.#input.version });
      this.#details.add(`${instances} API instances serve it`);
    } catch (error) {
      if (describeFailure(error).kind === 'cancelled') throw error;
      const { message } = describeFailure(error);
      this.#details.add(`**not every API instance serves it**: ${message}`);
      this.#notify('serving not confirmed', message);
    }
  }

  /** The champion changed while this version waited: what was decided no longer holds, so the comparison is made again. */
  async #compareAnew(message: string): Promise<ReleaseResult> {
    const { model, version, retrainId } = this.#input;
    const result = await this.#archive('stale', 'stale', message);
    await startRetrain({
      retrainId: `${retrainId}/stale-${version}`,
      model,
      reportId: null,
      asOf: null,
      trigger: 'stale',
      requestedBy: 'tidegate',
    });
    return result;
  }

  async #archive(outcome: ReleaseOutcome, reason: string, detail: string): Promise<ReleaseResult> {
    await archiveCandidate({ ...this.#input, reason, detail });
    return this.#close(outcome, 'Archived', `version ${this.#input.version} was archived: ${detail}`);
  }

  #close(outcome: ReleaseOutcome, stage: string, summary: string): ReleaseResult {
    this.#details.add(`**${outcome}**: ${summary}`);
    tag({ stage, outcome });
    this.#notify('decided', summary);
    log.info(summary);
    return { version: this.#input.version, outcome, summary };
  }

  #notify(event: Parameters<Notifications['send']>[0]['event'], message: string): void {
    this.notifications.send({ event, model: this.#input.model, version: this.#input.version, message });
  }
}
