// Ports on 127.0.0.1: finds a free one, and refuses one that is taken.
import { connect, createServer, type AddressInfo } from 'node:net';
import { TidegateError } from '../../../domain/errors.ts';

/** The only address that embedded servers listen on. */
export const LOCALHOST = '127.0.0.1';

const MAX_PORT = 65_535;

const listens = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, LOCALHOST, () => {
      const bound = (server.address() as AddressInfo).port;
      server.close(() => resolve(bound));
    });
  });

/** Whether something accepts connections at a port of 127.0.0.1. */
export const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, LOCALHOST);
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });

/**
 * Returns a port on 127.0.0.1 that nothing listens on now; it is not reserved, so the next caller may get the same one.
 *
 * @example const port = await freePort();
 */
export const freePort = async (): Promise<number> => {
  const port = await listens(0);
  if (port === undefined) throw new TidegateError('PORT_IN_USE', `no port is free on ${LOCALHOST}`);
  return port;
};

/**
 * Refuses a port on 127.0.0.1 that another process already uses.
 *
 * @param setting the variable that chooses this port, for the remedy
 * @throws TidegateError PORT_IN_USE naming the port, what it was wanted for, and the setting
 * @example await requirePort(5433, 'Postgres', 'TIDEGATE_POSTGRES_PORT');
 */
export const requirePort = async (port: number, wantedFor: string, setting: string): Promise<void> => {
  // On macOS we could bind 127.0.0.1 although another process listens on all addresses, so try to connect as well.
  if (!(await isListening(port)) && (await listens(port)) !== undefined) return;
  const other = port < MAX_PORT ? port + 1 : port - 1;
  throw new TidegateError(
    'PORT_IN_USE',
    `port ${port} on ${LOCALHOST}, wanted for ${wantedFor}, is already in use`,
    { remedy: `Stop what uses the port, or choose another: ${setting}=${other}.` },
  );
};
