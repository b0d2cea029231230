// The table of errors: every code with its HTTP status, whether a retry can help, and the remedy.

/** What all errors with the same code have in common. */
export interface ErrorKind {
  /** HTTP status of the response. */
  readonly status: number;
  /** Whether the same call may succeed later although nobody changed anything. */
  readonly retryable: boolean;
  /** What the person who reads the error should do. */
  readonly remedy: string;
}

const kind = (status: number, retryable: boolean, remedy: string): ErrorKind => ({
  status,
  retryable,
  remedy,
});

/** Every error code with its HTTP status, whether a retry can help, and the remedy. Documented in docs/errors.md. */
export const errorKinds = {
  // configuration and machine
  BAD_CONFIG: kind(500, false, 'Correct the setting that the message names; .env.example lists them all.'),
  PORT_IN_USE: kind(500, false, 'Stop the program that uses the port, or choose another port.'),
  ALREADY_RUNNING: kind(500, false, 'Use the process that is running, or stop it (Ctrl-C in its terminal).'),
  BINARY_MISSING: kind(500, false, 'Provide the binary in one of the ways listed in the message.'),
  SERVER_FAILED: kind(
    500,
    true,
    "The message ends with the last lines of the server's output: fix what they report.",
  ),
  DATA_FOLDER_BROKEN: kind(
    500,
    false,
    'Erase the folder (`tidegate down --erase --data <folder>`), or restore it from a backup.',
  ),
  SCHEMA_OUT_OF_DATE: kind(500, false, 'Run `tidegate migrate`.'),
  SCHEMA_TOO_NEW: kind(500, false, 'The database was migrated by a newer Tidegate; update this process.'),
  MIGRATION_FAILED: kind(500, false, 'Nothing was changed; fix the cause and run `tidegate migrate` again.'),
  MIGRATION_BLOCKED: kind(
    503,
    true,
    'Nothing was changed; wait for the sessions that the message names, or end them, and migrate again.',
  ),
  SEARCH_ATTRIBUTES_MISSING: kind(500, false, 'Register the attributes with the command in the message.'),
  DATABASE_UNREACHABLE: kind(503, true, 'Check DATABASE_URL and that Postgres is running.'),
  DATABASE_BUSY: kind(
    503,
    true,
    'Postgres has no connection or memory to spare: lower the load, or raise its limits.',
  ),
  DATABASE_TIMEOUT: kind(503, true, 'Look for locks and long-running statements in pg_stat_activity.'),
  DATABASE_CONFLICT: kind(
    503,
    true,
    'Try again: another transaction changed the same rows at the same time.',
  ),
  DATABASE_READ_ONLY: kind(
    503,
    true,
    'Point DATABASE_URL at the primary, or make the database writable again.',
  ),
  DATABASE_DISK_FULL: kind(503, true, 'Free space on the disk that Postgres uses, or enlarge it.'),
  DATABASE_MISSING: kind(500, false, 'Create the database, or correct its name in DATABASE_URL.'),
  DATABASE_POOL_EXHAUSTED: kind(
    503,
    true,
    'Run `tidegate doctor` to find connections that are held but idle; if all of them are busy, start another worker.',
  ),
  DATABASE_ENCODING: kind(
    500,
    false,
    'Create the database again: createdb --encoding UTF8 --template template0 <name>.',
  ),
  DATABASE_LOGIN_REFUSED: kind(
    500,
    false,
    'Correct the user and password in DATABASE_URL, or pg_hba.conf on the server.',
  ),
  DATABASE_PERMISSION: kind(
    500,
    false,
    'Grant the login of this process the permission that the message names; for tables of the schema tidegate, see docs/security.md.',
  ),
  DATABASE_SESSION: kind(
    500,
    false,
    'Set the parameter that the message names for the role (alter role … set …), or use a URL that connects directly to Postgres.',
  ),
  DATABASE_POOLER: kind(
    500,
    false,
    'Use a URL that connects directly to Postgres, or see "Behind a pooler" in docs/operations.md.',
  ),
  DATABASE_REFUSED: kind(
    500,
    false,
    'Read the Postgres error in the message and fix its cause in the database.',
  ),
  DATABASE_DAMAGED: kind(500, false, 'Check the Postgres log, and restore the database from a backup.'),
  TEMPORAL_UNREACHABLE: kind(503, true, 'Check TEMPORAL_ADDRESS and that Temporal is running.'),
  TEMPORAL_TIMEOUT: kind(503, true, 'Check the load and the log of the Temporal server.'),
  TEMPORAL_BUSY: kind(
    503,
    true,
    'Wait a moment; if it keeps happening, raise the limits of the Temporal namespace.',
  ),
  TEMPORAL_REFUSED: kind(
    500,
    false,
    'Read the Temporal error in the message; docs/operations.md lists the supported versions.',
  ),
  TEMPORAL_NOT_ALLOWED: kind(
    500,
    false,
    'Correct TEMPORAL_API_KEY or the certificate, or grant the owner of the key or certificate access to the namespace.',
  ),
  UNKNOWN_NAMESPACE: kind(500, false, 'Create the namespace, or correct TEMPORAL_NAMESPACE.'),
  // input
  INVALID_REQUEST: kind(400, false, 'Correct the field that the message names.'),
  FUTURE_INSTANT: kind(400, false, 'Correct the instant, or add --future if a future instant is intended.'),
  UNSUPPORTED_MEDIA_TYPE: kind(
    415,
    false,
    'Send JSON in UTF-8 with the header content-type: application/json.',
  ),
  METHOD_NOT_ALLOWED: kind(
    405,
    false,
    'Use a method listed in the Allow header; GET /docs lists the routes.',
  ),
  REQUEST_TIMEOUT: kind(408, true, 'Send the whole request sooner, or in smaller parts.'),
  HEADERS_TOO_LARGE: kind(431, false, 'Send shorter headers and a shorter path: at most 16 kB in total.'),
  BODY_TOO_LARGE: kind(413, false, 'Send fewer rows in one request.'),
  INVALID_FEATURE: kind(400, false, 'Send the feature with the type that the model declares.'),
  UNKNOWN_FEATURE: kind(400, false, 'Send only features of the model; GET /models/{model} lists them.'),
  IMPORT_FOLDER: kind(
    400,
    false,
    'Pass CSV or Parquet files named after the tables they fill, or a folder of such files.',
  ),
  CREATE_NOT_CONFIRMED: kind(
    400,
    false,
    'Read the statements above; if they are right, run the command again with --yes.',
  ),
  IMPORT_REJECTED: kind(
    400,
    false,
    'Correct the places listed and import again; nothing from this import was kept.',
  ),
  UNREADABLE_TABLE: kind(
    400,
    false,
    'Correct the place that the message names, or the options with which the file is read.',
  ),
  INVALID_DEFINITION: kind(400, false, 'Correct the place in the model file that the message names.'),
  DEFINITION_CONFLICT: kind(
    409,
    false,
    'Entity keys, label and holdout are fixed once a version exists: apply the change under another model name, then retire the old model with `tidegate retire <model>`.',
  ),
  POLICY_BELOW_FLOOR: kind(
    409,
    false,
    'Raise the rules that the message names, in the model file; `tidegate floor show` says what an admin has set, and why.',
  ),
  UNKNOWN_TABLE: kind(400, false, 'Create the table, or correct its name in the model file.'),
  UNKNOWN_COLUMN: kind(400, false, 'Correct the column name in the model file.'),
  LABEL_UNREADABLE: kind(
    400,
    false,
    'Set label.positive in the model file to the value of the positive class; the message lists the values in the column.',
  ),
  WRONG_COLUMN_TYPE: kind(400, false, 'Declare the feature with a type that fits the column.'),
  VALUE_OUT_OF_RANGE: kind(
    422,
    false,
    'Correct the value in the table that the message names, or use a view that leaves it out.',
  ),
  UNREADABLE_VALUE: kind(
    422,
    false,
    'Correct the value in the table that the message names, or use a view that casts it.',
  ),
  CONSTRAINT_VIOLATED: kind(409, false, 'Correct the row, or the constraint that the message names.'),
  DUPLICATE_ROW: kind(409, true, 'Try again: another process inserted the same row first.'),
  // identity
  UNAUTHENTICATED: kind(
    401,
    false,
    'Send a valid key as `Authorization: Bearer tgk_…`; the command line reads it from TIDEGATE_API_KEY. An admin makes keys with `tidegate key create`.',
  ),
  ISSUER_UNREACHABLE: kind(
    503,
    true,
    'Check TIDEGATE_OIDC_ISSUER and that the issuer answers; API keys work without it.',
  ),
  FORBIDDEN: kind(403, false, 'Ask an admin for the role that the message names (`tidegate role grant`).'),
  UNKNOWN_PERSON: kind(404, false, '`tidegate role list` shows the names of people and service accounts.'),
  UNKNOWN_KEY: kind(404, false, '`tidegate key list` shows the ids of all keys.'),
  UNKNOWN_ROLE: kind(404, false, '`tidegate role list` shows who has which role.'),
  ADMIN_EXISTS: kind(
    409,
    false,
    'Ask an admin for a key: `tidegate key list` and `tidegate role list` show who they are.',
  ),
  // not found
  UNKNOWN_MODEL: kind(404, false, 'Apply its definition first: `tidegate apply models/<name>.ts`.'),
  UNKNOWN_VERSION: kind(404, false, '`tidegate versions <model>` lists the versions.'),
  UNKNOWN_REPORT: kind(404, false, '`tidegate runs <model>` lists the reports.'),
  UNKNOWN_DATASET: kind(404, false, '`tidegate dataset list <model>` lists the datasets.'),
  UNKNOWN_ENTITY: kind(404, false, 'Materialize the entity, or send the features with the request.'),
  VALUES_TOO_OLD: kind(
    409,
    true,
    'Load newer rows into the table and run `tidegate materialize`, or send the features with the request.',
  ),
  NOT_EXPLAINABLE: kind(
    409,
    false,
    'GET /models/{model}/versions/{version}/card shows how important each feature is.',
  ),
  UNKNOWN_ROUTE: kind(404, false, 'GET /docs lists the routes.'),
  NO_PRODUCTION_VERSION: kind(409, false, 'Train and approve a version first: `tidegate monitor <model>`.'),
  FOREIGN_INSTALLATION: kind(
    409,
    false,
    'Give each installation its own namespace; after a restore, run `tidegate adopt` for the installation that the message names.',
  ),
  // data of a window
  EMPTY_WINDOW: kind(422, false, 'No rows fall in the window: import data, or choose another as-of instant.'),
  TOO_FEW_LABELS: kind(422, false, 'Wait for labels, or widen training.window.'),
  ONE_CLASS: kind(
    422,
    false,
    'Widen training.window, or correct label.positive if the column contains both classes (`tidegate doctor` lists its values).',
  ),
  NO_ONLINE_VALUES: kind(
    422,
    false,
    'Load the tables, choose an instant for which they have rows with --as-of, or raise `ttl` in the model file.',
  ),
  ONLINE_OFF: kind(
    409,
    false,
    "Send the features with the request, or remove online: 'off' from the model file and train a version.",
  ),
  NOT_MATERIALISED: kind(409, false, 'Materialize all rows first: `tidegate materialize <model>`.'),
  FEATURES_NOT_KNOWN: kind(
    422,
    false,
    'Set `lag` to the delay with which the table is loaded, or set `knownSince`.',
  ),
  DATASET_CHANGED: kind(500, false, 'The frozen rows no longer match their digest; restore the database.'),
  DATASET_EXPIRED: kind(
    410,
    false,
    'Freeze the window again, or raise `retention.datasets` in the model file.',
  ),
  UNREADABLE_PROFILE: kind(500, false, 'Use the release of Tidegate that wrote the profile, or retrain.'),
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
    'Rows of the audit history were changed or removed: find out who did it, and restore the database.',
  ),
  INVALID_ONNX: kind(
    422,
    false,
    'Correct the model or its schema; docs/trainers.md lists what is supported.',
  ),
  ONNX_RUNTIME_MISSING: kind(500, false, 'Run `tidegate trees install` on this machine, then try again.'),
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
    'Set training.threshold to a value that the message says can be reached, or state costs instead.',
  ),
  LEAK_SUSPECTED: kind(
    422,
    false,
    'Remove the feature, or correct the time from which its view is known; if the feature is correct as it is, name it in training.leakAlarm.allow.',
  ),
  JUDGEMENT_FAILED: kind(
    422,
    false,
    "Fix what the message names and retrain, or set promotion.failedJudgement: 'warn' to continue with a warning.",
  ),
  STEP_STALLED: kind(
    500,
    true,
    'The step is retried; `tidegate doctor` shows idle connections and sessions that hold a lock.',
  ),
  TRAINING_THREAD_FAILED: kind(500, true, 'The activity is retried; if it keeps failing, look at the cause.'),
  // lifecycle
  ILLEGAL_MOVE: kind(409, false, 'Only the stage moves that docs/architecture.md lists are allowed.'),
  STALE_CHAMPION: kind(
    409,
    false,
    'The champion changed since the comparison; the candidate is compared again.',
  ),
  DECISION_REFUSED: kind(
    409,
    false,
    'The message says why; `tidegate status` shows what is waiting for a decision.',
  ),
  UNKNOWN_GRANT: kind(
    404,
    false,
    'Ask for a new grant, such as with `tidegate grant <model> <version> --approve`.',
  ),
  UNKNOWN_NOTIFICATION: kind(404, false, '`tidegate notifications list` shows the ids of the last 90 days.'),
  GRANT_REQUIRED: kind(
    403,
    false,
    'Do it through the API with a key, such as with `tidegate rollback`: it asks for the grant.',
  ),
  GRANT_USED: kind(
    409,
    false,
    'Ask for a new grant; `tidegate audit <model>` shows what this one was used for.',
  ),
  GRANT_EXPIRED: kind(409, false, 'Ask for a new grant, and use it before it expires.'),
  GRANT_MISMATCH: kind(
    409,
    false,
    'Use the grant for what the message says that it allows, or ask for another one.',
  ),
  UPDATES_EXHAUSTED: kind(
    409,
    false,
    'Decide with a signal from the Temporal UI instead: the details of the release run show what to send.',
  ),
  TOO_MANY_DECISIONS: kind(
    503,
    true,
    'Check GET /models/{model}/pending, and send the decision again if the version is still waiting.',
  ),
  NOTHING_PENDING: kind(
    404,
    false,
    'No version of the model is waiting for a decision; `tidegate status` shows what is.',
  ),
  NO_ROLLBACK_TARGET: kind(
    409,
    false,
    'Roll back to a version that has been in Production; `tidegate versions <model>` lists them.',
  ),
  MODEL_STOPPED: kind(
    503,
    false,
    'A person stopped the predictions of this model; an operator lifts that with `tidegate start-serving <model>`.',
  ),
  SERVING_NOT_CONFIRMED: kind(503, true, 'Read the log of the API instance that could not load the version.'),
  RATE_LIMITED: kind(
    429,
    true,
    'Send fewer requests, or several rows in one request; TIDEGATE_RATE_PER_KEY is the limit.',
  ),
  NOT_READY: kind(503, true, 'Wait until the process has started.'),
  OVERLOADED: kind(
    503,
    true,
    'Send the request again after the seconds in Retry-After; if this goes on, send fewer requests or add API processes.',
  ),
  DEFECT: kind(
    500,
    false,
    'This is a fault in Tidegate: report it with the stack trace in the log, and start the run again after an update.',
  ),
  INTERNAL: kind(500, true, 'Search the log of the process for the request id.'),
} as const satisfies Record<string, ErrorKind>;

/** A code of the error table. */
export type ErrorCode = keyof typeof errorKinds;
