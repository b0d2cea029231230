// One table of time limits and retry policies, by class of activity.
import { type ActivityOptions } from '@temporalio/workflow';

/**
 * Every activity sends heartbeats while it runs, so the death of a worker is detected within `heartbeatTimeout`. Errors
 * that a retry cannot fix are thrown as non-retryable; this list of their codes is a second safeguard, for failures
 * that reach the server in another way.
 */
const nonRetryableErrorTypes = [
  'BAD_CONFIG',
  'SCHEMA_OUT_OF_DATE',
  'DATABASE_MISSING',
  'DATABASE_LOGIN_REFUSED',
  'DATABASE_PERMISSION',
  'DATABASE_SESSION',
  'DATABASE_ENCODING',
  'DATABASE_POOLER',
  'DATABASE_REFUSED',
  'DATABASE_DAMAGED',
  'TEMPORAL_REFUSED',
  'TEMPORAL_NOT_ALLOWED',
  'UNKNOWN_NAMESPACE',
  'UNKNOWN_TABLE',
  'UNKNOWN_COLUMN',
  'WRONG_COLUMN_TYPE',
  'VALUE_OUT_OF_RANGE',
  'UNREADABLE_VALUE',
  'CONSTRAINT_VIOLATED',
  'INVALID_DEFINITION',
  'UNKNOWN_MODEL',
  'UNKNOWN_VERSION',
  'EMPTY_WINDOW',
  'TOO_FEW_LABELS',
  'ONE_CLASS',
  'NO_ONLINE_VALUES',
  'NOT_MATERIALISED',
  'ONLINE_OFF',
  'FEATURES_NOT_KNOWN',
  'DATASET_CHANGED',
  'DATASET_EXPIRED',
  'ARTIFACT_CHANGED',
  'EVIDENCE_CHANGED',
  'NOT_CONVERGED',
  'INVALID_ONNX',
  'ONNX_RUNTIME_MISSING',
  'TREES_WORKER_MISSING',
  'TREES_FAILED',
  'LEAK_SUSPECTED',
  'THRESHOLD_UNREACHABLE',
  'ILLEGAL_MOVE',
  'STALE_CHAMPION',
  'NO_PRODUCTION_VERSION',
  'NO_ROLLBACK_TARGET',
  'UNKNOWN_GRANT',
  'GRANT_REQUIRED',
  'GRANT_USED',
  'GRANT_EXPIRED',
  'GRANT_MISMATCH',
  'DEFECT',
];

export const retryPolicies = {
  /** A few database statements; retried for about an hour, to survive an outage. */
  store: {
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '10 seconds',
    retry: {
      initialInterval: '1 second',
      maximumInterval: '2 minutes',
      maximumAttempts: 35,
      nonRetryableErrorTypes,
    },
  },
  /** Reads or writes all rows of a window. */
  data: {
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '10 seconds',
    retry: {
      initialInterval: '1 second',
      maximumInterval: '2 minutes',
      maximumAttempts: 15,
      nonRetryableErrorTypes,
    },
  },
  /** Fits a model in a thread of its own. */
  training: {
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '10 seconds',
    // A cancelled run waits for the thread to end, so that a version trained in the meantime is archived too.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: {
      initialInterval: '2 seconds',
      maximumInterval: '1 minute',
      maximumAttempts: 5,
      nonRetryableErrorTypes,
    },
  },
  /** Fits trees on a worker that may not be running; fails soon if none picks up the fit. */
  trees: {
    scheduleToStartTimeout: '30 seconds',
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '10 seconds',
    retry: {
      initialInterval: '1 second',
      maximumInterval: '30 seconds',
      maximumAttempts: 8,
      nonRetryableErrorTypes,
    },
  },
  /** Waits for API instances to load or serve a version. */
  serving: {
    startToCloseTimeout: '30 seconds',
    heartbeatTimeout: '10 seconds',
    retry: {
      initialInterval: '1 second',
      maximumInterval: '30 seconds',
      maximumAttempts: 10,
      nonRetryableErrorTypes,
    },
  },
  /** Sends a notification from the run itself; only for runs that started before notices had their own runs. */
  notify: {
    startToCloseTimeout: '10 seconds',
    retry: { initialInterval: '1 second', maximumAttempts: 3 },
  },
  /** Asks the worker for a setting; nothing that can be away is involved. */
  announce: {
    startToCloseTimeout: '10 seconds',
    retry: { initialInterval: '1 second', maximumAttempts: 3 },
  },
  /**
   * Delivers a notice from a run of its own; retried for about four hours. Time spent in the queue is not limited, so that
   * a burst of notices is not lost.
   */
  notice: {
    startToCloseTimeout: '10 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '10 minutes', maximumAttempts: 34 },
  },
} as const satisfies Record<string, ActivityOptions>;
