// What every session needs to be set to, and how that is reached directly or through a pooler.
import pg from 'pg';
import { TidegateError } from '../../domain/errors.ts';
import { limitStatements } from './deadline.ts';

/**
 * How a connection relates to sessions of the server. `direct`: it is one. `own`: a pooler stands between, and keeps
 * one session for it. `shared`: a pooler gives each transaction to any session, so that settings, temporary tables,
 * locks, prepared statements and LISTEN last no longer than a transaction.
 */
export type SessionKind = 'direct' | 'own' | 'shared';

/** Settings by name, in the order in which they are made. */
export type Settings = ReadonlyMap<string, string>;

// Unqualified names are those of `public`: by default a schema named like the role comes first, and the role that owns
// Tidegate's tables may well be called tidegate. A URL may say otherwise.
const PUBLIC = { search_path: 'public' };

// Times without a zone are UTC, a day is 24 hours and a date reads 2024-02-29; numbers keep all their digits, and texts
// and arrays are read as they are written. No URL may say otherwise.
const NEEDED = [
  ['TimeZone', 'UTC'],
  ['DateStyle', 'ISO, MDY'],
  ['IntervalStyle', 'postgres'],
  ['extra_float_digits', '1'],
  ['standard_conforming_strings', 'on'],
  ['array_nulls', 'on'],
] as const;

// These are accepted while a connection is made, and never after.
const AT_START_ONLY =
  /^(log_connections|log_disconnections|post_auth_delay|pre_auth_delay|ignore_system_indexes|jit_.*_support)$/i;

/** Where to connect, and what to set there. */
export interface SessionPlan {
  /** The URL without the options that are set afterwards: poolers refuse or drop them while a connection is made. */
  readonly url: string;
  readonly settings: Settings;
}

/** What a caller wants of its sessions besides what all need. */
export interface SessionWishes {
  /** Settings that options of the URL override. @default the search path `public` */
  readonly defaults?: Readonly<Record<string, string>>;
  /** Settings that override options of the URL, such as `statement_timeout`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Plans the sessions of a URL. Options of the URL itself are kept: a `search_path` there wins.
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

/** The settings among the options of a command line of Postgres, and what else stands there. */
function splitOptions(options: string): { settings: [string, string][]; rest: string } {
  // As Postgres reads them: words between spaces, where a backslash takes the next character as it is.
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

/** What sets up the connections of one URL: all of them are of one kind. */
export class Sessions {
  readonly #config: pg.ClientConfig;
  readonly #settings: Settings;
  readonly #limitMs: number | undefined;
  #pooled: Promise<SessionKind> | undefined;
  #kind: SessionKind | undefined;

  /** @param config as for a client of pg, with the URL of the plan; @param limitMs how long a statement may take */
  constructor(config: pg.ClientConfig, settings: Settings, limitMs?: number) {
    this.#config = config;
    this.#settings = settings;
    this.#limitMs = limitMs;
  }

  /** The kind of the connections made so far; nothing before the first. */
  get kind(): SessionKind | undefined {
    return this.#kind;
  }

  /**
   * Sets what a connection needs, and looks whether it holds. On one that shares sessions, every transaction sets it
   * for itself from now on, and a statement outside of one gets one.
   *
   * @throws TidegateError BAD_CONFIG when an option of the URL is none, DATABASE_SESSION when a setting does not hold
   */
  async prepare(client: pg.ClientBase): Promise<SessionKind> {
    if (this.#limitMs !== undefined) limitStatements(client, this.#limitMs);
    const names = [...this.#settings.keys()];
    const values = [...this.#settings.values()];
    const { processID } = client as pg.ClientBase & { readonly processID?: number | null };
    // Behind a pooler the session may be another's the next moment: there the first attempt undoes itself.
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
   * Whether the pooler before the server gives one session to several connections. Another connection is opened: a
   * session that both meet is shared. Where that cannot be found out, it is taken as shared, which works for both.
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

/** Says of a setting that Postgres refuses that it was one of the URL. */
async function setting<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const { code, message } = cause as pg.DatabaseError;
    // An unknown setting, a value that is none, one that may not be set by this role or not at all in a session.
    if (!/^(42704|22023|42501|55P02)$/.test(code ?? '')) throw cause;
    throw new TidegateError('BAD_CONFIG', `options of DATABASE_URL: ${message}`, {
      cause,
      remedy: 'Correct the part `options=` of DATABASE_URL: -c <setting>=<value>, each between spaces.',
    });
  }
}

// A list of names, each of which is quoted by itself.
const LISTS = /^(search_path|temp_tablespaces|local_preload_libraries|session_preload_libraries)$/i;

const namesIn = (list: string): string[] =>
  [...list.matchAll(/\s*("(?:[^"]|"")*"|[^",]+)\s*(?:,|$)/g)].map(([, name = '']) =>
    name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.trim().toLowerCase(),
  );

/** A value as it is compared: the server writes a list as it was given to it, with or without spaces and quotes. */
const spelled = (name: string, value = ''): string =>
  LISTS.test(name) ? JSON.stringify(namesIn(value)) : value;

/** SET, unlike a call of set_config, takes no snapshot: a transaction sees what is there at its own first statement. */
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

/** Makes every transaction of a connection begin with the settings, and every other statement a transaction. */
function setInEachTransaction(client: pg.ClientBase, settings: Settings): void {
  const settle = [...settings].map(setLocal).join('; ');
  const query = client.query.bind(client) as unknown as Query;
  let inTransaction = false;

  // One at a time: a second statement would meet the transaction of the first.
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
    // CopyTap and the like speak with the connection themselves, and only in transactions.
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

/** @throws TidegateError DATABASE_POOLER unless one session stays with the connection */
export function requireOwnSession(kind: SessionKind | undefined, what: string): void {
  if (kind !== 'shared') return;
  throw new TidegateError(
    'DATABASE_POOLER',
    `a pooler before Postgres gives each transaction to another session, and ${what} needs one of its own`,
    { remedy: POOLER_REMEDY },
  );
}

const POOLER_REMEDY =
  'Give DATABASE_URL the address of Postgres itself, or that of a pooler in session mode; an API process may stay behind the pooler.';
