// Applies the settings that every session needs, on direct connections and through a pooler.
import pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { limitStatements } from './deadline.ts';

/**
 * How a connection maps to sessions of the server. `direct`: one to one. `own`: through a pooler that reserves one
 * session for it. `shared`: through a pooler that may run each transaction in a different session, so settings,
 * temporary tables, locks, prepared statements and LISTEN do not outlive a transaction.
 */
export type SessionKind = 'direct' | 'own' | 'shared';

/** Settings by name, in the order in which they are applied. */
export type Settings = ReadonlyMap<string, string>;

// Unqualified table names mean the schema `public`. By default Postgres looks first in a schema named like the role, and
// the role that owns Tidegate's tables may well be called tidegate. The URL can override this.
const PUBLIC = { search_path: 'public' };

// Times without a zone are UTC, a day has 24 hours and a date is written 2024-02-29; numbers keep all their digits, and
// texts and arrays are read as they are written. The URL cannot override these.
const NEEDED = [
  ['TimeZone', 'UTC'],
  ['DateStyle', 'ISO, MDY'],
  ['IntervalStyle', 'postgres'],
  ['extra_float_digits', '1'],
  ['standard_conforming_strings', 'on'],
  ['array_nulls', 'on'],
] as const;

// Postgres accepts these only while a connection is being opened.
const AT_START_ONLY =
  /^(log_connections|log_disconnections|post_auth_delay|pre_auth_delay|ignore_system_indexes|jit_.*_support)$/i;

/** The URL to connect to, and the settings to apply afterwards. */
export interface SessionPlan {
  /** The URL without the options that are set later, because poolers refuse or drop them when a connection is opened. */
  readonly url: string;
  readonly settings: Settings;
}

/** Settings that a caller wants in addition to those that every session needs. */
export interface SessionWishes {
  /** Settings that options of the URL override. @default the search path `public` */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Settings that override options of the URL, such as `statement_timeout`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Plans the sessions of a URL. Options in the URL override the defaults, for example its `search_path`.
 *
 * @example planSession('postgres://db/churn?options=-c search_path=crm').settings.get('search_path'); // 'crm'
 */
export function planSession(
  url: string,
  { defaults = PUBLIC, settings: more = {} }: SessionWishes = {},
): SessionPlan {
  const plain = new URL(url);
  const { settings: given, rest } = splitOptions(plain.searchParams.get('options') ?? '');
  if (rest === '') plain.searchParams.delete('options');
  else plain.searchParams.set('options', rest);
  const names = new Map<string, string>();
  const settings = new Map<string, string>();
  for (const [name, value] of [...Object.entries(defaults), ...given, ...Object.entries(more), ...NEEDED]) {
    const known = names.get(name.toLowerCase()) ?? name;
    names.set(name.toLowerCase(), known);
    settings.set(known, value);
  }
  return { url: plain.href, settings };
}

/** Splits Postgres command-line options into settings and everything else. */
function splitOptions(options: string): { settings: [string, string][]; rest: string } {
  // As Postgres splits them: at spaces, and a backslash makes the next character literal.
  const words = [...options.matchAll(/(?:\\[^]|[^\s\\])+/g)].map(([word]) => word);
  const settings: [string, string][] = [];
  const rest: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    const isApart = word === '-c';
    const assignment = isApart ? words[at + 1] : /^(?:-c|--)(.+)$/s.exec(word)?.[1];
    const [, name, value] = /^([\w.-]+)=(.*)$/s.exec(assignment ?? '') ?? [];
    if (isApart) at += 1;
    if (name === undefined || value === undefined || AT_START_ONLY.test(name)) {
      rest.push(...(isApart ? [word, assignment ?? ''] : [word]));
    } else {
      settings.push([name.replaceAll('-', '_'), value.replace(/\\([^])/g, '$1')]);
    }
  }
  return { settings, rest: rest.join(' ') };
}

/** Sets up the connections of one URL. All of them are of the same kind. */
export class Sessions {
  readonly #config: pg.ClientConfig;
  readonly #settings: Settings;
  readonly #limitMs: number | undefined;
  #pooled: Promise<SessionKind> | undefined;
  #kind: SessionKind | undefined;

  /** @param config as for a pg client, with the URL of the plan; @param limitMs how long a statement may take */
  constructor(config: pg.ClientConfig, settings: Settings, limitMs?: number) {
    this.#config = config;
    this.#settings = settings;
    this.#limitMs = limitMs;
  }

  /** The kind of the connections opened so far; undefined before the first. */
  get kind(): SessionKind | undefined {
    return this.#kind;
  }

  /**
   * Applies the settings to a connection and checks that they took effect. If the connection shares sessions, each
   * transaction applies the settings again from now on, and a statement outside a transaction is wrapped in one.
   *
   * @throws TidegateError BAD_CONFIG if Postgres rejects an option of the URL, DATABASE_SESSION if a setting did not take
   * effect
   */
  async prepare(client: pg.ClientBase): Promise<SessionKind> {
    if (this.#limitMs !== undefined) limitStatements(client, this.#limitMs);
    const names = [...this.#settings.keys()];
    const values = [...this.#settings.values()];
    const { processID } = client as pg.ClientBase & { readonly processID?: number | null };
    // Behind a pooler, another client may get this session next, so there this first attempt sets the values only
    // until the end of the statement.
    const { rows: first } = await setting(
      client.query<Attempt>(
        `select pg_backend_pid() as pid, array(
           select set_config(name, value, pg_backend_pid() <> $3)
           from unnest($1::text[], $2::text[]) with ordinality as wanted (name, value, place) order by place) as values`,
        [names, values, processID ?? 0],
      ),
    );
    const { pid, values: wanted } = first[0] as Attempt;
    this.#kind = pid === processID ? 'direct' : await (this.#pooled ??= this.#kindBehindPooler(client));
    if (this.#kind === 'own') {
      await client.query(
        `select set_config(name, value, false) from unnest($1::text[], $2::text[]) as wanted (name, value)`,
        [names, values],
      );
    }
    if (this.#kind === 'shared') setInEachTransaction(client, this.#settings);
    const { rows: found } = await client.query<{ values: string[] }>(
      `select array(select current_setting(name) from unnest($1::text[]) with ordinality as wanted (name, place)
         order by place) as values`,
      [names],
    );
    const wrong = names.findIndex(
      (name, at) => spelled(name, found[0]?.values[at]) !== spelled(name, wanted[at]),
    );
    if (wrong < 0) return this.#kind;
    throw new TidegateError(
      'DATABASE_SESSION',
      `${names[wrong]} is ${JSON.stringify(found[0]?.values[wrong])} after it was set to ${JSON.stringify(wanted[wrong])}`,
    );
  }

  /**
   * Finds out whether the pooler shares one session among several connections: opens a second connection and compares
   * the sessions that the two get. If that fails, assumes `shared`, because that works in both cases.
   */
  async #kindBehindPooler(client: pg.ClientBase): Promise<SessionKind> {
    const other = new pg.Client({
      ...this.#config,
      connectionTimeoutMillis: PROBE_MS,
      query_timeout: PROBE_MS,
    });
    other.on('error', () => undefined);
    try {
      await other.connect();
      for (let round = 0; round < PROBE_ROUNDS; round += 1) {
        const mine = await sessionOf(client);
        await other.query('begin');
        const theirs = await sessionOf(other);
        if (mine === theirs || (await sessionOf(client)) !== mine) return 'shared';
        await other.query('commit');
      }
      return 'own';
    } catch {
      return 'shared';
    } finally {
      await other.end().catch(() => undefined);
    }
  }
}

const PROBE_MS = 3_000;
const PROBE_ROUNDS = 3;

interface Attempt {
  readonly pid: number;
  readonly values: string[];
}

async function sessionOf(client: pg.ClientBase): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid;
}

/** Turns the error for a rejected setting into one that says the setting came from the URL. */
async function setting<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const { code, message } = cause as pg.DatabaseError;
    // An unknown setting, an invalid value, or a setting that this role, or any session, may not change.
    if (!/^(42704|22023|42501|55P02)$/.test(code ?? '')) throw cause;
    throw new TidegateError('BAD_CONFIG', `options of DATABASE_URL: ${message}`, {
      cause,
      remedy: 'Correct the part `options=` of DATABASE_URL: -c <setting>=<value>, each between spaces.',
    });
  }
}

// Settings whose value is a list of names, each quoted separately.
const LISTS = /^(search_path|temp_tablespaces|local_preload_libraries|session_preload_libraries)$/i;

const namesIn = (list: string): string[] =>
  [...list.matchAll(/\s*("(?:[^"]|"")*"|[^",]+)\s*(?:,|$)/g)].map(([, name = '']) =>
    name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.trim().toLowerCase(),
  );

/** Normalizes a value for comparison, because the server returns a list with the spaces and quotes it was given. */
const spelled = (name: string, value = ''): string =>
  LISTS.test(name) ? JSON.stringify(namesIn(value)) : value;

/** Uses SET because set_config would take the snapshot of the transaction before its first real statement. */
const setLocal = ([name, value]: readonly [string, string]): string => {
  const values = LISTS.test(name)
    ? namesIn(value)
        .map((each) => pg.escapeIdentifier(each))
        .join(', ')
    : pg.escapeLiteral(value);
  return `set local ${name
    .split('.')
    .map((part) => pg.escapeIdentifier(part))
    .join('.')} to ${values || "''"}`;
};

type Query = (...call: unknown[]) => Promise<unknown>;

const BEGINS = /^\s*(begin|start\s+transaction)\b/i;
const ENDS = /^\s*(commit|end|abort|rollback(?!\s+(work\s+|transaction\s+)?to\b))\b/i;

/** Makes every transaction on a connection begin with the settings, and wraps every other statement in a transaction. */
function setInEachTransaction(client: pg.ClientBase, settings: Settings): void {
  const settle = [...settings].map(setLocal).join('; ');
  const query = client.query.bind(client) as unknown as Query;
  let inTransaction = false;

  // One at a time, because a second statement would run inside the transaction of the first.
  let turn: Promise<unknown> = Promise.resolve();
  const alone = (call: unknown[]): Promise<unknown> => {
    const answer = turn.then(async () => {
      const [begun, answered] = await Promise.allSettled([query(`begin; ${settle}`), query(...call)]);
      const ended = await query('commit').then(
        () => undefined,
        (reason: unknown) => ({ reason }),
      );
      if (begun.status === 'rejected') throw begun.reason;
      if (answered.status === 'rejected') throw answered.reason;
      if (ended) throw ended.reason;
      return answered.value;
    });
    turn = answer.catch(() => undefined);
    return answer;
  };

  const beginning = async (call: unknown[]): Promise<unknown> => {
    const [begun, settled] = await Promise.allSettled([query(...call), query(settle)]);
    if (begun.status === 'rejected') throw begun.reason;
    if (settled.status === 'rejected') throw settled.reason;
    return begun.value;
  };

  const run = (call: unknown[]): unknown => {
    const [statement] = call;
    const text = typeof statement === 'string' ? statement : (statement as { text?: unknown }).text;
    // CopyTap and similar objects drive the connection themselves, and are used only inside transactions.
    if (typeof text !== 'string') return (query as (...each: unknown[]) => unknown)(...call);
    const unnamed = [
      typeof statement === 'string' ? statement : { ...(statement as object), name: undefined },
      ...call.slice(1),
    ];
    if (BEGINS.test(text)) {
      inTransaction = true;
      return beginning(unnamed);
    }
    if (!inTransaction) return alone(unnamed);
    if (ENDS.test(text)) inTransaction = false;
    return query(...unnamed);
  };

  client.query = ((...call: unknown[]): unknown => {
    const callback = call.at(-1);
    if (typeof callback !== 'function') return run(call);
    (run(call.slice(0, -1)) as Promise<unknown>).then(
      (result) => (callback as (error: null, result: unknown) => void)(null, result),
      (error: unknown) => (callback as (error: unknown) => void)(error),
    );
    return undefined;
  }) as typeof client.query;
}

/** Refuses connections that share sessions. @throws TidegateError DATABASE_POOLER if `kind` is 'shared' */
export function requireOwnSession(kind: SessionKind | undefined, what: string): void {
  if (kind !== 'shared') return;
  throw new TidegateError(
    'DATABASE_POOLER',
    `a pooler between Tidegate and Postgres may run each transaction in a different session, but ${what} needs a session of its own`,
    { remedy: POOLER_REMEDY },
  );
}

const POOLER_REMEDY =
  'Set DATABASE_URL to the address of Postgres itself or of a pooler in session mode. API processes can keep using the pooler.';
