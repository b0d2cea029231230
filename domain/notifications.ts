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
  | 'watch broken'
  | 'approved'
  | 'drift'
  | 'serving stopped'
  | 'unanchored'
  | 'break glass';

/** The types of events. */
export const NOTIFICATION_TYPES = [
  'approval.requested',
  'approval.reminder',
  'approval.granted', // one for each person; the promotion is reported when it has happened
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
  'serving.stopped',
  'watch.breached',
  'drift.detected',
  'audit.unanchored',
  'break_glass',
] as const;

/** The type of an event, the `type` of its CloudEvent. */
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** The facts of one notification. */
export interface NotificationFacts {
  readonly event: NoticeEvent;
  /** Empty if the event is about the whole installation. */
  readonly model: string;
  readonly version: number | null;
  readonly message: string;
  /** How a release ended; only with the event `decided`. */
  readonly outcome?: string;
  /** When it happened, ISO 8601. */
  readonly at: string;
  /** The run in which it happened; null if a request to the API caused it. */
  readonly workflowId: string | null;
  readonly runId: string | null;
  /** The page about it; absent without TIDEGATE_PUBLIC_URL. Opening it changes nothing. */
  readonly url?: string;
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
  approved: 'approval.granted',
  drift: 'drift.detected',
  'serving stopped': 'serving.stopped',
  unanchored: 'audit.unanchored',
  'break glass': 'break_glass',
};

/** Returns the type of an event. */
export function notificationType({
  event,
  outcome,
  workflowId,
}: Pick<NotificationFacts, 'event' | 'outcome' | 'workflowId'>): NotificationType {
  if (event === 'failed') return workflowId?.startsWith('monitor/') ? 'monitor.failed' : 'run.failed';
  if (event !== 'decided') return TYPES[event];
  if (outcome === undefined) return 'approval.closed';
  if (outcome === 'promoted') return 'model_version.promoted';
  if (outcome === 'rejected') return 'approval.rejected';
  return outcome === 'expired' ? 'approval.expired' : 'model_version.archived';
}

/**
 * Returns the CloudEvent of a notification.
 *
 * @param publicUrl address of the API for browsers; undefined for an event without a link
 * @example cloudEvent('7d0c…', { event: 'pending', model: 'churn', version: 2, … })
 * // { specversion: '1.0', id: '7d0c…', source: '/tidegate/models/churn', type: 'approval.requested', subject: 'churn/2', … }
 */
export function cloudEvent(id: string, facts: NotificationFacts, publicUrl?: string): CloudEvent {
  const { model, version, at } = facts;
  return {
    specversion: '1.0',
    id,
    source: model === '' ? '/tidegate' : `/tidegate/models/${encodeURIComponent(model)}`,
    type: notificationType(facts),
    subject: subjectOf(model, version),
    time: at,
    datacontenttype: 'application/json',
    data: publicUrl === undefined ? facts : { ...facts, url: publicUrl + pageOf(facts) },
  };
}

function subjectOf(model: string, version: number | null): string {
  if (model === '') return 'installation';
  return version === null ? model : `${model}/${version}`;
}

/**
 * Returns the path of the page about an event. It only shows: a program that opens every link in a message, as mail filters
 * and chats do, decides nothing.
 *
 * @example pageOf({ model: 'churn', version: 7 }) // '/ui/models/churn/versions/7'
 */
export function pageOf({ model, version }: Pick<NotificationFacts, 'model' | 'version'>): string {
  // Models have no page of their own; the overview shows all of them.
  return version === null ? '/ui' : `/ui/models/${encodeURIComponent(model)}/versions/${version}`;
}

/** One line of text for a chat. Slack's markup in it has no effect, so that a message can mention nobody. */
export function chatText({ type, subject, data }: CloudEvent): string {
  const link = data.url === undefined ? '' : ` ${data.url}`;
  const line = `[tidegate] ${type} ${subject}: ${data.message}${link}`;
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Subject and text of an e-mail. The subject is a single line. */
export function emailText({ type, subject, time, data }: CloudEvent): {
  readonly subject: string;
  readonly text: string;
} {
  const lines = [
    data.message,
    '',
    `${type} of ${subject} at ${time}`,
    ...(data.workflowId === null ? [] : [`run: ${data.workflowId}`]),
    ...(data.url === undefined ? [] : ['', `Look at it here (opening the page changes nothing):`, data.url]),
  ];
  return { subject: `[tidegate] ${type} ${subject}`.replaceAll(/\s+/g, ' '), text: `${lines.join('\n')}\n` };
}
