// What a run displays and reports: its details, its notifications, its recorded failures, and instructions for deciding
// on a version.
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  startChild,
  upsertSearchAttributes,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import { searchAttributes, workflowIds, workflowTypes } from './protocol/messages.ts';
import { type Failed } from '../activities/compare.ts';
import { NAME_TO_REPLACE } from '../domain/decisions/approval.ts';
import { type PendingEvidence } from '../activities/evidence.ts';
import { type Notification } from '../activities/notify.ts';
import { announce, notify } from './activities.ts';

/** A growing list of the steps of a run, shown as the run's current details. */
export class RunDetails {
  readonly #title: string;
  readonly #lines: string[] = [];
  #footer = '';

  constructor(title: string) {
    this.#title = title;
    this.#show();
  }

  /** The lines so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Adds a line that says what was found or done. */
  add(line: string): void {
    this.#lines.push(line);
    this.#show();
  }

  /** Replaces the text below the list. */
  footer(markdown: string): void {
    this.#footer = markdown;
    this.#show();
  }

  #show(): void {
    const list = this.#lines.map((line) => `- ${line}`).join('\n');
    setCurrentDetails([`### ${this.#title}`, list, this.#footer].filter((part) => part !== '').join('\n\n'));
  }
}

/** Sets the given search attributes of this run. */
export function tag(values: { stage?: string; outcome?: string; version?: number }): void {
  upsertSearchAttributes([
    ...(values.stage === undefined ? [] : [{ key: searchAttributes.stage, value: values.stage }]),
    ...(values.outcome === undefined ? [] : [{ key: searchAttributes.outcome, value: values.outcome }]),
    ...(values.version === undefined ? [] : [{ key: searchAttributes.version, value: values.version }]),
  ]);
}

/** Patch: a judgement that was due and could not be made is recorded, and the run continues to its decision. */
export const JUDGEMENTS_RECORDED = 'judgements-recorded';

/**
 * Runs a judging step. If it fails permanently, calls it again with `failed`, so that it records the judgement as due but
 * not made; the run continues with that result.
 *
 * @throws the error of the step if it was cancelled, or if the failure cannot be recorded
 */
export async function recordingFailure<Input extends object, Answer>(
  step: (input: Input & { readonly failed?: Failed }) => Promise<Answer>,
  input: Input,
): Promise<Answer> {
  try {
    return await step(input);
  } catch (error) {
    const failed = failedOf(error);
    if (!patched(JUDGEMENTS_RECORDED)) throw error;
    return step({ ...input, failed });
  }
}

/** Returns why a judging step failed permanently. @throws the error itself if it is a cancellation */
export function failedOf(error: unknown): Failed {
  const { kind, code, message } = describeFailure(error);
  if (kind === 'cancelled') throw error;
  return { code, reason: message };
}

/** Returns Markdown that shows how to decide on a version by signal or by update. */
export function howToDecide(
  { model, version }: { readonly model: string; readonly version: number },
  { digest: evidenceDigest, summary, policy }: PendingEvidence,
): string {
  const isGranted = policy?.unverifiedSignals === 'refuse';
  // A grant is made for one person and ten minutes, so the details can only say how to get one.
  const who = isGranted
    ? { grantId: `<the id that \`tidegate grant ${model} ${version} --approve\` prints>` }
    : { comment: 'why', decidedBy: NAME_TO_REPLACE };
  const message = { version, evidenceDigest, ...who };
  return [
    `**Decide on version ${version}.** ${summary}`,
    'Send the signal `approve` or `reject` with',
    fenced(message),
    'or the update `decide`, which returns whether the decision was accepted, with',
    fenced({ ...message, decision: 'approve' }),
  ].join('\n\n');
}

const fenced = (value: unknown): string => '```json\n' + JSON.stringify(value, null, 2) + '\n```';

// Messages are passed on to activities and notifications; the error of a database driver can be as long as its
// statement.
const MAX_MESSAGE = 2_000;

/** Why a run or step failed. */
interface StepFailure {
  readonly kind: 'failed' | 'cancelled';
  /** Code from the error table; null if the failure has none. */
  readonly code: string | null;
  /** At most 2,000 characters. */
  readonly message: string;
}

/** Returns kind, code and message of a caught error. */
export function describeFailure(error: unknown): StepFailure {
  if (isCancellation(error)) return { kind: 'cancelled', code: null, message: 'cancelled' };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    return { kind: 'failed', code: cause.type ?? null, message: cause.message.slice(0, MAX_MESSAGE) };
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return { kind: 'failed', code: null, message: message.slice(0, MAX_MESSAGE) };
}

/** Sends notifications; each is delivered by a run of its own, which can outlive this one. */
export class Notifications {
  readonly #underWay: Promise<void>[] = [];

  /** Starts sending; never throws. */
  send(notification: Notification): void {
    const send = () =>
      // A run that started before this patch delivers its notifications itself, as recorded in its history.
      patched('notices-apart') ? handOver(notification) : notify(notification);
    const sent: Promise<void> = CancellationScope.nonCancellable(send).catch((error: unknown) => {
      log.warn('a notification could not be sent', { event: notification.event, error: String(error) });
    });
    this.#underWay.push(sent);
  }

  /** Waits until each notification has a run that delivers it; takes milliseconds, however slow the webhook is. */
  async settled(): Promise<void> {
    await CancellationScope.nonCancellable(() => Promise.all(this.#underWay));
  }
}

async function handOver(notification: Notification): Promise<void> {
  // Without a target there is nothing to deliver, and no run is started for it.
  if (patched('notices-with-target') && !(await announce(notification))) return;
  const { workflowId, runId, memo } = workflowInfo();
  const { model, event } = notification;
  await startChild(workflowTypes.notice, {
    workflowId: workflowIds.notice(model, uuid4()),
    args: [{ ...notification, at: new Date().toISOString(), workflowId, runId }],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    // The memo names the installation that the run belongs to.
    ...(memo && { memo }),
    typedSearchAttributes: [{ key: searchAttributes.model, value: model }],
    staticSummary: `Notify of ${model}: ${event}`,
  });
}
