// The settings: read once from the environment, validated against one schema, and frozen.
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { isLoopback } from '../../domain/identity/loopback.ts';
import { PART_ROWS } from '../../store/profiles/profile-parts.ts';
import { DEFAULT_TASK_QUEUE } from '../../workflows/protocol/messages.ts';
import {
  notificationSettings,
  type NotificationSettings,
  notificationVariables,
} from './notification-settings.ts';

const PORT = 'must be a port, 1 to 65535';

const RATE = 'must be a number of requests a second from 1 to 1000000';
const ROWS = 'must be a whole number of rows, 1 or greater';
const MILLISECONDS = 'must be a whole number of milliseconds, from 100 to 600000';

const milliseconds = (preset: number) =>
  z.coerce
    .number(MILLISECONDS)
    .int(MILLISECONDS)
    .min(100, MILLISECONDS)
    .max(600_000, MILLISECONDS)
    .default(preset);

const port = (preset: number) =>
  z.coerce.number(PORT).int(PORT).min(1, PORT).max(65_535, PORT).default(preset);

const postgresUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'must look like postgres://user:password@host:5432/database',
});

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });

/** Every variable that Tidegate reads; docs/configuration.md describes them and .env.example lists them. */
export const settingsSchema = z.object({
  DATABASE_URL: postgresUrl.optional(),
  TIDEGATE_API_DATABASE_URL: postgresUrl.optional(),
  TIDEGATE_WORKER_DATABASE_URL: postgresUrl.optional(),
  TIDEGATE_DATABASE_ROLES: z.string().optional(),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, 'must be host:port, such as localhost:7233')
    .optional(),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: z.string().optional(),
  TEMPORAL_TLS: z.enum(['true', 'false'], 'must be true or false').optional(),
  TEMPORAL_TLS_CLIENT_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_CLIENT_KEY_PATH: z.string().optional(),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: z.string().optional(),
  TEMPORAL_TLS_SERVER_NAME: z.string().optional(),
  TEMPORAL_CONFIG_FILE: z.string().optional(),
  TEMPORAL_PROFILE: z.string().optional(),
  TIDEGATE_TASK_QUEUE: z.string().default(DEFAULT_TASK_QUEUE),
  TIDEGATE_API_HOST: z.string().default('127.0.0.1'),
  TIDEGATE_API_PORT: port(8080),
  TIDEGATE_API_URL: httpUrl.optional(),
  TIDEGATE_API_KEY: z.string().optional(),
  TIDEGATE_AUTH: z.enum(['on', 'off'], 'must be on or off').default('on'),
  TIDEGATE_OIDC_ISSUER: httpUrl.optional(),
  TIDEGATE_OIDC_AUDIENCE: z.string().default('tidegate'),
  TIDEGATE_OIDC_GROUPS_CLAIM: z.string().default('groups'),
  TIDEGATE_OIDC_CLIENT_ID: z.string().optional(),
  TIDEGATE_OIDC_CLIENT_SECRET: z.string().optional(),
  TIDEGATE_METRICS_PORT: z.coerce.number(PORT).int(PORT).min(1, PORT).max(65_535, PORT).optional(),
  TIDEGATE_INVOCATIONS_MODEL: z.string().optional(),
  TIDEGATE_RATE_PER_KEY: z.coerce.number(RATE).min(1, RATE).max(1_000_000, RATE).optional(),
  TIDEGATE_API_DATABASE_MS: milliseconds(10_000),
  TIDEGATE_API_LOOKUP_MS: milliseconds(2_000),
  TIDEGATE_PART_ROWS: z.coerce
    .number(ROWS)
    .int(ROWS)
    .min(1, ROWS)
    .max(2 ** 31 - 1, ROWS)
    .default(PART_ROWS),
  ...notificationVariables,
  TIDEGATE_STOP_FILE: z.string().optional(),
  TIDEGATE_AUDIT_KEY_FILE: z.string().optional(),
  TIDEGATE_AUDIT_SIGN_COMMAND: z.string().optional(),
  TIDEGATE_AUDIT_ANCHOR_FILE: z.string().optional(),
  TIDEGATE_AUDIT_ANCHOR_URL: httpUrl.optional(),
  TIDEGATE_DATA_DIR: z.string().default('.tidegate'),
  TIDEGATE_CACHE: z.string().optional(),
  TIDEGATE_POSTGRES_PORT: port(5433),
  TIDEGATE_TEMPORAL_PORT: port(7233),
  TIDEGATE_TEMPORAL_UI_PORT: port(8233),
  TIDEGATE_WORKFLOW_BUNDLE: z.string().optional(),
  TIDEGATE_LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error')
    .default('info'),
  TIDEGATE_DEBUG: z.string().optional(),
});

type Settings = z.output<typeof settingsSchema>;

/** How to reach Temporal. */
export interface TemporalSettings {
  readonly connectionOptions: ClientConnectConfig['connectionOptions'];
  readonly namespace: string;
}

/** The settings of one process; frozen. */
export interface Config {
  /** If undefined, the database of the running `tidegate start` is used. */
  readonly databaseUrl: string | undefined;
  /** The addresses with which API and worker connect, if they have logins of their own. */
  readonly processDatabaseUrls: { readonly api: string | undefined; readonly worker: string | undefined };
  /** Beginning of the names of the database roles; undefined for the one that is derived from the database. */
  readonly databaseRoles: string | undefined;
  /** If undefined, the Temporal of the running `tidegate start` is used. */
  readonly temporal: TemporalSettings | undefined;
  readonly taskQueue: string;
  /** Where the API listens; `url` is its address for clients, if that differs. */
  readonly api: { readonly host: string; readonly port: number; readonly url: string | undefined };
  /** A loopback port for metrics without a key, if any. */
  readonly metricsPort: number | undefined;
  /** How many requests a second each key may send to one API process, if there is a limit. */
  readonly ratePerKey: number | undefined;
  /** The model that answers `POST /invocations`, if it is not the only one. */
  readonly invocationsModel: string | undefined;
  /** The key that commands send to the API. */
  readonly apiKey: string | undefined;
  /** Whether callers of the API must prove who they are. */
  readonly auth: Settings['TIDEGATE_AUTH'];
  /** The OpenID Connect issuer whose tokens are accepted, and with which people sign in. */
  readonly oidc:
    | {
        readonly issuer: string;
        readonly audience: string;
        readonly groupsClaim: string;
        readonly clientId: string | undefined;
        readonly clientSecret: string | undefined;
      }
    | undefined;
  /** How long the API waits for Postgres, in milliseconds. */
  readonly patience: {
    /** For a connection, and for each statement. */
    readonly database: number;
    /** For a lookup by key. */
    readonly lookUp: number;
  };
  /** Where notifications are sent, and the address of the API for browsers. */
  readonly notifications: NotificationSettings;
  /** The file that stops predictions while it exists, absolute. */
  readonly stopFile: string;
  /** How the audit log is signed, and where checkpoints are anchored; files are absolute. */
  readonly audit: {
    readonly keyFile: string | undefined;
    readonly signCommand: string | undefined;
    readonly anchorFile: string | undefined;
    readonly anchorUrl: string | undefined;
    /** Whether the address of the anchor may be a loopback or private one. */
    readonly allowPrivate: boolean;
  };
  /** A window with more rows than this is profiled in parts of about this many rows. */
  readonly partRows: number;
  /** Folder of the embedded servers, absolute. */
  readonly dataDir: string;
  /** Ports of the embedded servers. */
  readonly ports: { readonly postgres: number; readonly temporal: number; readonly temporalUi: number };
  readonly workflowBundle: string | undefined;
  readonly logLevel: Settings['TIDEGATE_LOG_LEVEL'];
  /** The environment that the settings were read from; child processes inherit it. */
  readonly environment: Readonly<Record<string, string>>;
}

// Only these names are read from a .env file. A file in the working directory must not set variables of other programs, here
// or in child processes: NODE_OPTIONS loads any script, PATH chooses programs, LD_PRELOAD loads code into all of them.
const OF_TIDEGATE = /^(TIDEGATE_|TEMPORAL_)|^DATABASE_URL$/;

/** Settings that name code or programs to run. For the same reason they are read only from the environment. */
export const ENVIRONMENT_ONLY: readonly string[] = [
  'TIDEGATE_CACHE',
  'TIDEGATE_WORKFLOW_BUNDLE',
  'TIDEGATE_AUDIT_SIGN_COMMAND',
];

const isReadFromFile = (name: string): boolean => OF_TIDEGATE.test(name) && !ENVIRONMENT_ONLY.includes(name);

/**
 * Returns the settings in a `.env` file, and the names of the variables in it that are ignored.
 *
 * @example readDotenv('TIDEGATE_API_PORT=8081\nNODE_OPTIONS=--require ./x.cjs')
 * // { settings: { TIDEGATE_API_PORT: '8081' }, ignored: ['NODE_OPTIONS'] }
 */
export function readDotenv(text: string): {
  readonly settings: Readonly<Record<string, string>>;
  readonly ignored: readonly string[];
} {
  const entries = Object.entries(parseEnv(text)) as [string, string][];
  return {
    settings: Object.fromEntries(entries.filter(([name]) => isReadFromFile(name))),
    ignored: entries.flatMap(([name]) => (isReadFromFile(name) ? [] : [name])).sort(),
  };
}

/**
 * Reads and validates the settings. An empty variable counts as unset.
 *
 * @throws TidegateError BAD_CONFIG naming each invalid variable
 * @example const config = readConfig(process.env);
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const environment = withoutEmpty(env);
  const parsed = settingsSchema.safeParse(environment);
  if (!parsed.success) {
    const places = parsed.error.issues.map(({ path, message }) => ({ at: path.join('.'), problem: message }));
    throw new TidegateError('BAD_CONFIG', `${places.map(({ at }) => at).join(', ')} cannot be used`, {
      places,
    });
  }
  const settings = parsed.data;
  return Object.freeze({
    databaseUrl: settings.DATABASE_URL,
    processDatabaseUrls: Object.freeze({
      api: settings.TIDEGATE_API_DATABASE_URL,
      worker: settings.TIDEGATE_WORKER_DATABASE_URL,
    }),
    databaseRoles: settings.TIDEGATE_DATABASE_ROLES,
    temporal: temporalSettings(settings, environment),
    taskQueue: settings.TIDEGATE_TASK_QUEUE,
    api: Object.freeze({
      host: settings.TIDEGATE_API_HOST,
      port: settings.TIDEGATE_API_PORT,
      url: settings.TIDEGATE_API_URL,
    }),
    metricsPort: settings.TIDEGATE_METRICS_PORT,
    ratePerKey: settings.TIDEGATE_RATE_PER_KEY,
    invocationsModel: settings.TIDEGATE_INVOCATIONS_MODEL,
    apiKey: settings.TIDEGATE_API_KEY,
    auth: settings.TIDEGATE_AUTH,
    oidc: oidcSettings(settings),
    patience: Object.freeze({
      database: settings.TIDEGATE_API_DATABASE_MS,
      lookUp: settings.TIDEGATE_API_LOOKUP_MS,
    }),
    notifications: Object.freeze(notificationSettings(settings)),
    stopFile: resolve(settings.TIDEGATE_STOP_FILE ?? join(settings.TIDEGATE_DATA_DIR, 'stop-serving')),
    audit: Object.freeze(auditSettings(settings)),
    partRows: settings.TIDEGATE_PART_ROWS,
    dataDir: resolve(settings.TIDEGATE_DATA_DIR),
    ports: Object.freeze({
      postgres: settings.TIDEGATE_POSTGRES_PORT,
      temporal: settings.TIDEGATE_TEMPORAL_PORT,
      temporalUi: settings.TIDEGATE_TEMPORAL_UI_PORT,
    }),
    workflowBundle: settings.TIDEGATE_WORKFLOW_BUNDLE,
    logLevel: settings.TIDEGATE_LOG_LEVEL,
    environment,
  });
}

function oidcSettings(settings: Settings): Config['oidc'] {
  const { TIDEGATE_OIDC_ISSUER: issuer } = settings;
  if (issuer === undefined) return undefined;
  const { protocol, host } = new URL(issuer);
  if (protocol === 'http:' && !isLoopback(host)) {
    throw new TidegateError('BAD_CONFIG', 'TIDEGATE_OIDC_ISSUER must be an https address', {
      remedy: 'Over http, anybody on the way could replace the keys of the issuer.',
    });
  }
  return Object.freeze({
    issuer,
    audience: settings.TIDEGATE_OIDC_AUDIENCE,
    groupsClaim: settings.TIDEGATE_OIDC_GROUPS_CLAIM,
    clientId: settings.TIDEGATE_OIDC_CLIENT_ID,
    clientSecret: settings.TIDEGATE_OIDC_CLIENT_SECRET,
  });
}

/** Where the settings say that checkpoints are anchored. */
export const anchorPlaces = ({ audit }: Pick<Config, 'audit'>) => ({
  file: audit.anchorFile,
  url: audit.anchorUrl,
  allowPrivate: audit.allowPrivate,
});

/** The embedded Postgres has a key and an anchor file in the data folder, unless the settings name others. */
function auditSettings(settings: Settings): Config['audit'] {
  const isEmbedded = settings.DATABASE_URL === undefined;
  const inFolder = (name: string): string | undefined =>
    isEmbedded ? join(settings.TIDEGATE_DATA_DIR, 'audit', name) : undefined;
  const signCommand = settings.TIDEGATE_AUDIT_SIGN_COMMAND;
  const keyFile =
    settings.TIDEGATE_AUDIT_KEY_FILE ?? (signCommand === undefined ? inFolder('key.pem') : undefined);
  const anchorFile = settings.TIDEGATE_AUDIT_ANCHOR_FILE ?? inFolder('anchors.jsonl');
  return {
    keyFile: keyFile && resolve(keyFile),
    signCommand,
    anchorFile: anchorFile && resolve(anchorFile),
    anchorUrl: settings.TIDEGATE_AUDIT_ANCHOR_URL,
    allowPrivate: settings.TIDEGATE_WEBHOOK_ALLOW_PRIVATE === 'true',
  };
}

const withoutEmpty = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    ),
  );

/** Reads TLS, API key and profile settings the way every Temporal program does. */
function temporalSettings(
  settings: Settings,
  environment: Record<string, string>,
): TemporalSettings | undefined {
  const { TEMPORAL_ADDRESS, TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE } = settings;
  // If the only sign of Temporal is a configuration file in the home directory, `tidegate start` must start its own server.
  if (!TEMPORAL_ADDRESS && !TEMPORAL_CONFIG_FILE && !TEMPORAL_PROFILE) return undefined;
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars: environment });
    return { connectionOptions, namespace: namespace ?? settings.TEMPORAL_NAMESPACE };
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new TidegateError('BAD_CONFIG', `the TEMPORAL_ settings cannot be used: ${problem}`, { cause });
  }
}
