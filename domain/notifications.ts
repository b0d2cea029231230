// Notifications as CloudEvents: the types of events, and the body that receivers are sent.

/** What happened, as the loops name it. These names are stored in histories. */
export type NoticeEvent =
  | 'pending'
  | 'reminder'
  | 'decided'
  | 'failed'
  | 'contract broken'
  | 'leak suspected'
  | 'judgement failed'
  | 'rolled back'
  | 'serving not confirmed'
  | 'watch broken';

/**
 * The types of events. Those marked "not sent yet" are reserved for their sources, so that a receiver can be written for
 * all of them.
 */
export const NOTIFICATION_TYPES = [
  'approval.requested',
  'approval.reminder',
  'approval.granted', // not sent yet: a promotion is reported when it has happened
  'approval.rejected',
  'approval.expired',
  'approval.closed', // a release ended, and it was started by a version of Tidegate that does not say how
  'model_version.promoted',
  'model_version.rolled_back',
  'model_version.archived',
  'monitor.failed',
  'run.failed',
  'data.contract_broken',
  'training.leak_suspected',
  'judgement.failed',
  'serving.not_confirmed',
  'serving.stopped', // not sent yet
  'watch.breached',
  'drift.detected', // not sent yet
  'audit.unanchored', // not sent yet
  'break_glass', // not sent yet
] as const;

/** The type of an event, the `type` of its CloudEvent. */
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** The facts of one notification. */
export interface NotificationFacts {
  readonly event: NoticeEvent;
  readonly model: string;
  readonly version: number | null;
  readonly message: string;
  /** How a release ended; only with the event `decided`. */
  readonly outcome?: string;
  /** When it happened, ISO 8601. */
  readonly at: string;
  /** The run in which it happened. */
  readonly workflowId: string;
  readonly runId: string;
}

/** A CloudEvent 1.0 in JSON. */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** The same each time the event is sent. */
  readonly id: string;
  readonly source: string;
  readonly type: NotificationType;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: NotificationFacts;
}

const TYPES: Record<Exclude<NoticeEvent, 'decided' | 'failed'>, NotificationType> = {
  pending: 'approval.requested',
  reminder: 'approval.reminder',
  'contract broken': 'data.contract_broken',
  'leak suspected': 'training.leak_suspected',
  'judgement failed': 'judgement.failed',
  'rolled back': 'model_version.rolled_back',
  'serving not confirmed': 'serving.not_confirmed',
  'watch broken': 'watch.breached',
};

/** Returns the type of an event. */
export function notificationType({
  event,
  outcome,
  workflowId,
}: Pick<NotificationFacts, 'event' | 'outcome' | 'workflowId'>): NotificationType {
  if (event === 'failed') return workflowId.startsWith('monitor/') ? 'monitor.failed' : 'run.failed';
  if (event !== 'decided') return TYPES[event];
  if (outcome === undefined) return 'approval.closed';
  if (outcome === 'promoted') return 'model_version.promoted';
  if (outcome === 'rejected') return 'approval.rejected';
  return outcome === 'expired' ? 'approval.expired' : 'model_version.archived';
}

/**
 * Returns the CloudEvent of a notification.
 *
 * @example cloudEvent('7d0c…', { event: 'pending', model: 'churn', version: 2, … })
 * // { specversion: '1.0', id: '7d0c…', source: '/tidegate/models/churn', type: 'approval.requested', subject: 'churn/2', … }
 */
export function cloudEvent(id: string, facts: NotificationFacts): CloudEvent {
  const { model, version, at } = facts;
  return {
    specversion: '1.0',
    id,
    source: `/tidegate/models/${encodeURIComponent(model)}`,
    type: notificationType(facts),
    subject: version === null ? model : `${model}/${version}`,
    time: at,
    datacontenttype: 'application/json',
    data: facts,
  };
}

/** One line of text for a chat. Slack's markup in it has no effect, so that a message can mention nobody. */
export function chatText({ type, subject, data }: CloudEvent): string {
  const line = `[tidegate] ${type} ${subject}: ${data.message}`;
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
