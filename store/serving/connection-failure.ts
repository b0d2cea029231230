// Whether an error says that Postgres could not be reached, and not that a statement was wrong.

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);

// Classes 08 (connection exception) and 57P (shut down, starting up), and 53300: too many connections.
const SQL_STATES = /^(08...|57P..|53300)$/;

// What the driver says where it gives no code.
const DRIVER_WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after calling end)/;

/** True for an error that may pass by itself once Postgres is reachable again. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && (SOCKET_CODES.has(code) || SQL_STATES.test(code))) return true;
  return DRIVER_WORDS.test(error.message);
}
