// The settings an embedded Postgres runs with: fast on one machine, and durable unless told otherwise.

const always: Readonly<Record<string, string>> = {
  // Reachable by nobody but this machine; no socket, as its path would have to suit the user Postgres runs as.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  shared_buffers: '256MB',
  work_mem: '16MB',
  maintenance_work_mem: '256MB',
  // Nothing replicates from here, and without it a bulk load into a new table writes its rows once instead of twice.
  wal_level: 'minimal',
  max_wal_senders: '0',
  // Fewer, longer checkpoints: a month's import fits between two.
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  // Compiling a plan takes longer than our queries run.
  jit: 'off',
  // A refused statement is told to its client; the log is for what the server itself goes through.
  log_min_messages: 'log',
  log_checkpoints: 'off',
};

/** Loses data when the machine or the server dies: for tests, whose data nobody wants back. */
const careless: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

/** Settings as command-line arguments of `postgres`. @example postgresSettings(true) // ['-c', 'jit=off', ...] */
export const postgresSettings = (durable: boolean): string[] =>
  Object.entries(durable ? always : { ...always, ...careless }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
