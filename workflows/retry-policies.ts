// How long each class of activity may take, and how often it is tried: one table.
import { type ActivityOptions } from '@temporalio/workflow';

/**
 * Every activity heartbeats while it runs, so a worker that dies is noticed within `heartbeatTimeout`. Errors of the
 * error table that no retry can mend arrive as non-retryable and end the attempts at once; the names below are the
 * second line, for failures that reach the server by another way.
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
  'DEFECT',
];

export const retryPolicies = {
  /** A few statements in the database: about an hour of attempts, so that an outage is waited for. */
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
    // A run that is cancelled ends after the thread, and not beside it: what was trained meanwhile is archived as well.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: {
      initialInterval: '2 seconds',
      maximumInterval: '1 minute',
      maximumAttempts: 5,
      nonRetryableErrorTypes,
    },
  },
  /** Fits trees on a worker that may not be there: nobody waits long for it to take the fit. */
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
  /** Notifies from within the run that sends, as runs do that began before notices had runs of their own. */
  notify: {
    startToCloseTimeout: '10 seconds',
    retry: { initialInterval: '1 second', maximumAttempts: 3 },
  },
  /**
   * Delivers a notice from a run of its own: about four hours of attempts. Time spent in the queue is not counted, since
   * many notices at once would otherwise be lost.
   */
  notice: {
    startToCloseTimeout: '10 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '10 minutes', maximumAttempts: 34 },
  },
} as const satisfies Record<string, ActivityOptions>;
