// The error table: every failure Tidegate reports, once.

/** What is known of an error code before it happens. */
export interface ErrorKind {
  /** HTTP status of an answer that carries it. */
  readonly status: number;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** What to do about it, for the person who reads it. */
  readonly remedy: string;
}

const kind = (status: number, retryable: boolean, remedy: string): ErrorKind => ({
  status,
  retryable,
  remedy,
});

/** Every code, its HTTP status, whether a retry can help, and the remedy. Documented in docs/errors.md. */
export const errorKinds = {
  // configuration and machine
  BAD_CONFIG: kind(500, false, 'Correct the setting that the message names; .env.example lists them all.'),
  PORT_IN_USE: kind(500, false, 'Stop what holds the port, or choose another.'),
  ALREADY_RUNNING: kind(500, false, 'Use the one that runs, or stop it first (Ctrl-C in its terminal).'),
  BINARY_MISSING: kind(500, false, 'Follow one of the ways listed in the message to provide the binary.'),
  SERVER_FAILED: kind(500, true, 'Read the last lines of its output in the message.'),
  DATA_FOLDER_BROKEN: kind(500, false, 'Erase it (`tidegate down --erase --data <folder>`), or restore it.'),
  SCHEMA_OUT_OF_DATE: kind(500, false, 'Run `tidegate migrate`.'),
  SCHEMA_TOO_NEW: kind(500, false, 'The database was migrated by a newer Tidegate; update this process.'),
  MIGRATION_FAILED: kind(
    500,
    false,
    'Nothing was changed; correct the cause and run `tidegate migrate` again.',
  ),
  MIGRATION_BLOCKED: kind(
    503,
    true,
    'Nothing was changed; wait for the sessions that the message names, or end them, and migrate again.',
  ),
  SEARCH_ATTRIBUTES_MISSING: kind(500, false, 'Register them with the command in the message.'),
  DATABASE_UNREACHABLE: kind(503, true, 'Check DATABASE_URL and that Postgres is running.'),
  DATABASE_BUSY: kind(
    503,
    true,
    'Postgres has no connection or memory to spare: lower the load, or raise its limits.',
  ),
  DATABASE_TIMEOUT: kind(503, true, 'Look for locks and long statements in pg_stat_activity.'),
  DATABASE_CONFLICT: kind(
    503,
    true,
    'Another transaction came between; nothing needs to be done but to try again.',
  ),
  DATABASE_READ_ONLY: kind(
    503,
    true,
    'Point DATABASE_URL at the primary, or make the database writable again.',
  ),
  DATABASE_DISK_FULL: kind(503, true, 'Free space on the disk of Postgres, or enlarge it.'),
  DATABASE_MISSING: kind(500, false, 'Create the database, or correct its name in DATABASE_URL.'),
  DATABASE_POOL_EXHAUSTED: kind(
    503,
    true,
    '`tidegate doctor` shows connections that are held and do nothing; if all of them work, start another worker.',
  ),
  DATABASE_ENCODING: kind(
    500,
    false,
    'Create the database anew: createdb --encoding UTF8 --template template0 <name>.',
  ),
  DATABASE_LOGIN_REFUSED: kind(
    500,
    false,
    'Correct user and password in DATABASE_URL, or pg_hba.conf of the server.',
  ),
  DATABASE_PERMISSION: kind(500, false, 'Grant the role of DATABASE_URL what the message names.'),
  DATABASE_SESSION: kind(
    500,
    false,
    'Set it for the role (alter role … set …), or give a direct URL of Postgres.',
  ),
  DATABASE_POOLER: kind(
    500,
    false,
    'Give a direct URL of Postgres, or see "Behind a pooler" in docs/operations.md.',
  ),
  DATABASE_REFUSED: kind(500, false, 'Read what Postgres says in the message, and correct it there.'),
  DATABASE_DAMAGED: kind(500, false, 'Look at the log of Postgres, and restore the database from a back-up.'),
  TEMPORAL_UNREACHABLE: kind(503, true, 'Check TEMPORAL_ADDRESS and that Temporal is running.'),
  TEMPORAL_TIMEOUT: kind(503, true, 'Look at the load and the log of the Temporal server.'),
  TEMPORAL_BUSY: kind(503, true, 'Wait a moment; if it lasts, raise the limits of the Temporal namespace.'),
  TEMPORAL_REFUSED: kind(
    500,
    false,
    'Read what Temporal says in the message; docs/operations.md names its versions.',
  ),
  TEMPORAL_NOT_ALLOWED: kind(
    500,
    false,
    'Correct TEMPORAL_API_KEY or the certificate, or its rights in the namespace.',
  ),
  UNKNOWN_NAMESPACE: kind(500, false, 'Create the namespace, or correct TEMPORAL_NAMESPACE.'),
  // input
  INVALID_REQUEST: kind(400, false, 'Correct the field that the message names.'),
  FUTURE_INSTANT: kind(400, false, 'Correct the instant, or add --future if it is meant.'),
  UNSUPPORTED_MEDIA_TYPE: kind(
    415,
    false,
    'Send JSON in UTF-8 with the header content-type: application/json.',
  ),
  METHOD_NOT_ALLOWED: kind(
    405,
    false,
    'Use a method that the header Allow names; GET /docs lists the routes.',
  ),
  REQUEST_TIMEOUT: kind(408, true, 'Send the whole request sooner, or in smaller parts.'),
  HEADERS_TOO_LARGE: kind(431, false, 'Send shorter headers and a shorter path: at most 16 kB together.'),
  BODY_TOO_LARGE: kind(413, false, 'Send fewer rows in one request.'),
  INVALID_FEATURE: kind(400, false, 'Send the feature with the type that the model declares.'),
  UNKNOWN_FEATURE: kind(400, false, 'Send only features of the model; GET /models/{model} lists them.'),
  IMPORT_FOLDER: kind(400, false, 'Give CSV or Parquet files named for the tables they fill, or a folder.'),
  CREATE_NOT_CONFIRMED: kind(400, false, 'Read the statements above; if they are right, repeat with --yes.'),
  IMPORT_REJECTED: kind(400, false, 'Correct the places listed; nothing of this import was kept.'),
  UNREADABLE_TABLE: kind(400, false, 'Correct the place that the message names, or how the table is read.'),
  INVALID_DEFINITION: kind(400, false, 'Correct the place in the model file that the message names.'),
  DEFINITION_CONFLICT: kind(
    409,
    false,
    'Entity keys, label and holdout are fixed once a version exists: apply the change under another name, then `tidegate retire <model>` the old one.',
  ),
  UNKNOWN_TABLE: kind(400, false, 'Create the table, or correct its name in the model file.'),
  UNKNOWN_COLUMN: kind(400, false, 'Correct the column name in the model file.'),
  LABEL_UNREADABLE: kind(
    400,
    false,
    'Set label.positive in the model file to the value that means yes; the message lists the values that occur.',
  ),
  WRONG_COLUMN_TYPE: kind(400, false, 'Declare the feature by a type that the column can hold.'),
  VALUE_OUT_OF_RANGE: kind(
    422,
    false,
    'Correct the value in the table that the message names, or leave it out by a view.',
  ),
  UNREADABLE_VALUE: kind(
    422,
    false,
    'Correct the value in the table that the message names, or cast it in a view.',
  ),
  CONSTRAINT_VIOLATED: kind(409, false, 'Correct the row, or the constraint that the message names.'),
  DUPLICATE_ROW: kind(409, true, 'The row is there already; nothing needs to be done but to try again.'),
  // looked for and not found
  UNKNOWN_MODEL: kind(404, false, 'Apply its definition first: `tidegate apply models/<name>.ts`.'),
  UNKNOWN_VERSION: kind(404, false, '`tidegate versions <model>` lists the versions.'),
  UNKNOWN_REPORT: kind(404, false, '`tidegate runs <model>` lists the reports.'),
  UNKNOWN_DATASET: kind(404, false, '`tidegate dataset list <model>` lists the datasets.'),
  UNKNOWN_ENTITY: kind(404, false, 'Materialise its row, or send the features with the request.'),
  VALUES_TOO_OLD: kind(409, true, 'Load the table and run `tidegate materialize`, or send the features.'),
  NOT_EXPLAINABLE: kind(
    409,
    false,
    'GET /models/{model}/versions/{version}/card says what its AUC rests on.',
  ),
  UNKNOWN_ROUTE: kind(404, false, 'GET /docs lists the routes.'),
  NO_PRODUCTION_VERSION: kind(409, false, 'Train and approve a version first: `tidegate monitor <model>`.'),
  FOREIGN_INSTALLATION: kind(
    409,
    false,
    'Use a namespace of its own; after a restore, `tidegate adopt` what the message names.',
  ),
  // data of a window
  EMPTY_WINDOW: kind(422, false, 'No rows fall in the window; import data or choose another as-of.'),
  TOO_FEW_LABELS: kind(422, false, 'Wait for labels, or widen training.window.'),
  ONE_CLASS: kind(
    422,
    false,
    'Widen training.window, or correct label.positive if the column holds both classes (`tidegate doctor` lists its values).',
  ),
  NO_ONLINE_VALUES: kind(
    422,
    false,
    'Load the tables, choose the instant of their rows with --as-of, or widen ttl.',
  ),
  ONLINE_OFF: kind(
    409,
    false,
    "Send the features with the request, or take online: 'off' out of the model file and train a version.",
  ),
  NOT_MATERIALISED: kind(409, false, 'Materialise all rows first: `tidegate materialize <model>`.'),
  FEATURES_NOT_KNOWN: kind(
    422,
    false,
    'Set `lag` to the delay with which the table is loaded, or `knownSince`.',
  ),
  DATASET_CHANGED: kind(500, false, 'The frozen rows no longer match their digest; restore the database.'),
  DATASET_EXPIRED: kind(
    410,
    false,
    'Freeze the window anew, or raise `retention.datasets` in the model file.',
  ),
  UNREADABLE_PROFILE: kind(500, false, 'Run the Tidegate that wrote it, or freeze a new version.'),
  ARTIFACT_CHANGED: kind(
    500,
    false,
    'The stored artifact no longer matches its digest; restore the database.',
  ),
  EVIDENCE_CHANGED: kind(
    500,
    false,
    'The stored evidence no longer matches its digest; restore the database, or retrain.',
  ),
  HISTORY_CHANGED: kind(
    500,
    false,
    'Rows of the history were changed or removed; restore the database, and find out by whom.',
  ),
  INVALID_ONNX: kind(422, false, 'Correct the model or its schema; docs/trainers.md says what is known.'),
  ONNX_RUNTIME_MISSING: kind(500, false, 'Run `tidegate trees install` on this machine, then ask again.'),
  TREES_WORKER_MISSING: kind(
    503,
    false,
    'Run `tidegate trees install` and `tidegate start --with-python` (or `tidegate trees worker`), then retrain.',
  ),
  TREES_FAILED: kind(500, false, 'Read the log of the trees worker, then retrain.'),
  NOT_CONVERGED: kind(422, false, 'Raise training.l2, or look for a feature that separates the classes.'),
  THRESHOLD_UNREACHABLE: kind(
    422,
    false,
    'Ask for what the message says can be reached, or state costs: training.threshold.',
  ),
  LEAK_SUSPECTED: kind(
    422,
    false,
    'Remove the feature or correct when its view is known; name it in training.leakAlarm.allow where it is right.',
  ),
  JUDGEMENT_FAILED: kind(
    422,
    false,
    "Mend what the message names and retrain, or let it pass with promotion.failedJudgement: 'warn'.",
  ),
  STEP_STALLED: kind(
    500,
    true,
    'The step is tried again; `tidegate doctor` shows connections that are held, and who holds a lock.',
  ),
  TRAINING_THREAD_FAILED: kind(500, true, 'See the cause; the activity is tried again.'),
  // lifecycle
  ILLEGAL_MOVE: kind(409, false, 'Only the moves in docs/architecture.md are allowed.'),
  STALE_CHAMPION: kind(
    409,
    false,
    'The champion changed since the comparison; the candidate is compared anew.',
  ),
  DECISION_REFUSED: kind(409, false, 'The message says why; `tidegate status` shows what waits.'),
  UPDATES_EXHAUSTED: kind(
    409,
    false,
    'A signal still decides: `tidegate approve <model> <version> --signal`.',
  ),
  TOO_MANY_DECISIONS: kind(
    503,
    true,
    'Look at GET /models/{model}/pending, and send it again if it still waits.',
  ),
  NOTHING_PENDING: kind(404, false, 'No version of the model waits for a decision: `tidegate status`.'),
  NO_ROLLBACK_TARGET: kind(409, false, 'Roll back to a version that was in Production: `tidegate versions`.'),
  SERVING_NOT_CONFIRMED: kind(503, true, 'An API instance could not load the version; see its log.'),
  NOT_READY: kind(503, true, 'Wait until the process has started.'),
  DEFECT: kind(
    500,
    false,
    'This is a fault in Tidegate: report it with the stack trace in the log, and start the run again after an update.',
  ),
  INTERNAL: kind(500, true, 'Look at the log of the process with the request id.'),
} as const satisfies Record<string, ErrorKind>;

/** A code of the error table. */
export type ErrorCode = keyof typeof errorKinds;

/** A place in some input that was wrong: `users.csv:17 signup_date: not a date`. */
export interface Place {
  readonly at: string;
  readonly problem: string;
}

/** How many places an error keeps: a person corrects a few and asks again. What looks for places may stop there. */
export const MAX_PLACES = 20;

// Far more than any message of Tidegate needs, so that a text which slipped in from outside cannot fill a log.
const MAX_MESSAGE = 8_000;
const MAX_PLACE = 1_000;

/** Extra facts of one error. */
export interface ErrorDetail {
  /** Places in the input; the first 20 are kept. */
  readonly places?: readonly Place[];
  /** A remedy more exact than the table's. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/**
 * A failure with a code of the error table.
 *
 * @example throw new TidegateError('UNKNOWN_MODEL', `no model is named "${name}"`);
 */
export class TidegateError extends Error {
  readonly code: ErrorCode;
  readonly places: readonly Place[];
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(bounded(message, MAX_MESSAGE), detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'TidegateError';
    this.code = code;
    this.places = (detail.places ?? []).slice(0, MAX_PLACES).map(({ at, problem }) => ({
      at: bounded(at, MAX_PLACE),
      problem: bounded(problem, MAX_PLACE),
    }));
    this.remedy = detail.remedy ?? errorKinds[code].remedy;
  }

  get status(): number {
    return errorKinds[this.code].status;
  }

  get retryable(): boolean {
    return errorKinds[this.code].retryable;
  }
}

const bounded = (text: string, longest: number): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}…`;

/**
 * An error about places in some input: its message is the first place, and how many more there are.
 *
 * @param places at least one, and at most one more than {@link MAX_PLACES}: what looks for them stops there
 * @example throw errorAtPlaces('INVALID_FEATURE', [{ at: 'features.fee', problem: 'expected a number' }])
 */
export function errorAtPlaces(code: ErrorCode, places: readonly Place[]): TidegateError {
  const [first = { at: 'the request', problem: 'is wrong' }] = places;
  const more = places.length - 1;
  const others = places.length > MAX_PLACES ? `at least ${MAX_PLACES}` : String(more);
  return new TidegateError(code, `${first.at}: ${first.problem}${more > 0 ? ` (and ${others} more)` : ''}`, {
    places,
  });
}
