// Maps errors of Postgres, its driver and the network to codes of the error table.
import { type ErrorCode, TidegateError } from '../../domain/errors.ts';

/**
 * What has to change before the same statement can succeed. `moment`: nothing, only time has to pass. `values`: the rows
 * that were read or written. `setup`: schema, privileges, settings or the machine, which a person has to correct.
 */
export type Blame = 'moment' | 'values' | 'setup';

/** What is known about a failure of Postgres. */
export interface PostgresFailure {
  readonly blame: Blame;
  readonly error: TidegateError;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly blame: Blame;
  /** A more specific remedy than the default one for the error code. */
  readonly remedy?: string;
}

const meaning = (code: ErrorCode, blame: Blame, remedy?: string): Meaning => ({
  code,
  blame,
  ...(remedy !== undefined && { remedy }),
});

const UNREACHABLE = meaning('DATABASE_UNREACHABLE', 'moment');
const BUSY = meaning('DATABASE_BUSY', 'moment');
const TIMEOUT = meaning('DATABASE_TIMEOUT', 'moment');
const CONFLICT = meaning('DATABASE_CONFLICT', 'moment');
const MISSING = meaning('DATABASE_MISSING', 'setup');
const LOGIN = meaning('DATABASE_LOGIN_REFUSED', 'setup');
const DAMAGED = meaning('DATABASE_DAMAGED', 'setup');
const REFUSED = meaning('DATABASE_REFUSED', 'setup');
const POOLER = meaning('DATABASE_POOLER', 'setup');

// SQLSTATEs of single conditions, looked up first. https://www.postgresql.org/docs/current/errcodes-appendix.html
const BY_STATE: Readonly<Record<string, Meaning>> = {
  // The value is too large or too small for the column's type.
  '22003': meaning('VALUE_OUT_OF_RANGE', 'values'),
  '22008': meaning('VALUE_OUT_OF_RANGE', 'values'),
  '22015': meaning('VALUE_OUT_OF_RANGE', 'values'),
  // Two attempts of one step may write the same row at the same moment; the next attempt finds the row.
  '23505': meaning('DUPLICATE_ROW', 'values'),
  '25006': meaning('DATABASE_READ_ONLY', 'moment'),
  '25P03': TIMEOUT,
  '25P04': TIMEOUT,
  // Something that the session created earlier is missing, because the pooler ran the statement in another session.
  '26000': POOLER,
  '34000': POOLER,
  '42P05': POOLER,
  '3D000': MISSING,
  '3F000': meaning('UNKNOWN_TABLE', 'setup'),
  '42501': meaning('DATABASE_PERMISSION', 'setup'),
  '42703': meaning('UNKNOWN_COLUMN', 'setup'),
  '42725': meaning('WRONG_COLUMN_TYPE', 'setup'),
  '42804': meaning('WRONG_COLUMN_TYPE', 'setup'),
  '42846': meaning('WRONG_COLUMN_TYPE', 'setup'),
  '42P01': meaning('UNKNOWN_TABLE', 'setup'),
  '53100': meaning('DATABASE_DISK_FULL', 'moment'),
  '53400': REFUSED,
  '55000': REFUSED,
  '57014': TIMEOUT,
  '57P04': MISSING,
  '58030': meaning('DATABASE_DAMAGED', 'setup', 'Look at the disk of Postgres and at its log.'),
  // "cache lookup failed", "tuple concurrently updated": seen while another session changes the schema.
  XX000: meaning('INTERNAL', 'moment', 'Look at the log of Postgres.'),
};

// Conditions that are not listed above, by the first two characters of their SQLSTATE.
const BY_CLASS: Readonly<Record<string, Meaning>> = {
  '08': UNREACHABLE,
  '22': meaning('UNREADABLE_VALUE', 'values'),
  '23': meaning('CONSTRAINT_VIOLATED', 'values'),
  '28': LOGIN,
  '40': CONFLICT,
  '53': BUSY,
  '55': meaning(
    'DATABASE_TIMEOUT',
    'moment',
    'Another session holds the lock; pg_stat_activity and pg_locks show which one.',
  ),
  '57': UNREACHABLE,
  '58': DAMAGED,
  '72': CONFLICT,
  XX: DAMAGED,
};

const SOCKETS: Readonly<Record<string, Meaning>> = Object.fromEntries(
  [
    'ECONNREFUSED',
    'ECONNRESET',
    'ECONNABORTED',
    'ENOTFOUND',
    'ETIMEDOUT',
    'EPIPE',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'EHOSTDOWN',
    'ENETUNREACH',
    'ENETDOWN',
    'EADDRNOTAVAIL',
  ].map((code) => [code, UNREACHABLE]),
);

const CERTIFICATE = /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_)/;
const TLS = meaning(
  'DATABASE_LOGIN_REFUSED',
  'setup',
  'Correct sslmode and certificates in DATABASE_URL (sslmode=verify-full&sslrootcert=… for a certificate of your own).',
);

// Errors of drivers and poolers that have no code, or a code that says less than the message.
const BY_MESSAGE: readonly (readonly [RegExp, Meaning])[] = [
  [
    /unsupported startup parameter/i,
    meaning(
      'DATABASE_POOLER',
      'setup',
      'The pooler in front of Postgres does not accept that parameter: remove it from DATABASE_URL and PGOPTIONS, connect to Postgres directly, or list it in ignore_startup_parameters of PgBouncer.',
    ),
  ],
  [
    /not allowed in statement pooling mode/i,
    meaning(
      'DATABASE_POOLER',
      'setup',
      'Set pool_mode of PgBouncer to transaction or session, or connect to Postgres directly.',
    ),
  ],
  [/^prepared statement .* (does not exist|already exists)/i, POOLER],
  [/^(no such (database|user)|bouncer config error: no such)/i, MISSING],
  [
    /(SASL|password) authentication failed|^no such user|auth failed|client password must be a string/i,
    LOGIN,
  ],
  [
    /^The server does not support SSL connections|establishing an SSL connection|SSL required|wrong version number/i,
    TLS,
  ],
  [
    /^query_wait_timeout|^no more connections allowed|^too many clients|^timeout exceeded when trying to connect$/i,
    BUSY,
  ],
  [/^Query read timeout$|^query_timeout$/i, TIMEOUT],
  [/^cached plan must not change result type/, CONFLICT],
  [
    /^(Connection terminated|timeout expired$|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/,
    UNREACHABLE,
  ],
];

const SQL_STATE = /^(?=.*\d)[0-9A-Z]{5}$|^XX[0-9A-Z]{3}$/;

/**
 * Explains a failure of Postgres; returns undefined for any other error. Does not look at causes, because a failed request
 * to some other server also has a socket error as its cause.
 *
 * @example
 * postgresFailure(Object.assign(new Error('column v.fee does not exist'), { code: '42703' }))?.error.code;
 * // 'UNKNOWN_COLUMN'
 */
export function postgresFailure(thrown: unknown): PostgresFailure | undefined {
  if (!(thrown instanceof Error) || thrown instanceof TidegateError) return undefined;
  const found = meaningOf(thrown);
  return found && explained(thrown, found);
}

/**
 * Whether the same call may succeed later without a change to rows, schema or privileges: after an outage, a lock, a full
 * disk, or a switch-over that left the server read-only.
 */
export function isTemporary(error: unknown): boolean {
  if (error instanceof TidegateError) return error.retryable && error.code !== 'INTERNAL';
  return postgresFailure(error)?.blame === 'moment';
}

function meaningOf(error: Error): Meaning | undefined {
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown };
  const isState = typeof code === 'string' && SQL_STATE.test(code);
  // Poolers use 08P01 for many different errors.
  if (!isState || code === '08P01' || code === '0A000' || code === '26000') {
    const [, found] = BY_MESSAGE.find(([pattern]) => pattern.test(error.message)) ?? [];
    if (found) return found;
  }
  if (typeof code !== 'string') return undefined;
  // The socket file of a server on this machine does not exist, or access to it is denied.
  if ((code === 'ENOENT' || code === 'EACCES') && syscall === 'connect') return UNREACHABLE;
  if (!isState) return SOCKETS[code] ?? (CERTIFICATE.test(code) ? TLS : undefined);
  if (code === '42883') return /operator does not exist/.test(error.message) ? BY_STATE['42804'] : REFUSED;
  return BY_STATE[code] ?? BY_CLASS[code.slice(0, 2)] ?? REFUSED;
}

/** Fields that Postgres adds to an error. */
interface Fields {
  readonly code?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly where?: string;
  readonly errors?: readonly unknown[];
}

/** Longest message that is quoted whole, in characters. */
const MAX_MESSAGE = 300;

const COPIED = /^COPY [^\n]+?, line \d+(, column [^:\n]+)?/;

function explained(cause: Error, { code, blame, remedy }: Meaning): PostgresFailure {
  const { code: state, schema, table, column, where, errors } = cause as Error & Fields;
  const own = ownSchema(code, cause.message);
  // If a name has several addresses, Node reports one error for each and leaves its own message empty.
  const full =
    cause.message ||
    (errors ?? []).map((each) => (each as Error).message).join(', ') ||
    (state ?? 'no reason given');
  // Postgres quotes a number that is out of range with all its digits, so a message may be very long.
  const text =
    full.length > MAX_MESSAGE ? `${full.slice(0, MAX_MESSAGE / 2)} … ${full.slice(-MAX_MESSAGE / 2)}` : full;
  const at = [schema, table, column].filter((part) => part !== undefined && part !== '').join('.');
  const copied = COPIED.exec(where ?? '')?.[0];
  const facts = [
    ...(at !== '' && !text.includes(at) ? [`at ${at}`] : []),
    ...(copied === undefined ? [] : [copied]),
    ...(state === undefined ? [] : [SQL_STATE.test(state) ? `SQLSTATE ${state}` : state]),
  ];
  const message = facts.length === 0 ? text : `${text} (${facts.join(', ')})`;
  return {
    blame,
    error: new TidegateError(own ?? code, message, {
      cause,
      ...(own === undefined && remedy !== undefined && { remedy }),
    }),
  };
}

/** SCHEMA_OUT_OF_DATE if a table or column of Tidegate's own schema is missing: then a migration has not run. */
const ownSchema = (code: ErrorCode, message: string): ErrorCode | undefined =>
  (code === 'UNKNOWN_TABLE' || code === 'UNKNOWN_COLUMN') && /\btidegate\.|"tidegate"/.test(message)
    ? 'SCHEMA_OUT_OF_DATE'
    : undefined;
