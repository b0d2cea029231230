// Ports of this machine's own address: is one free, and give me a free one.
import { connect, createServer, type AddressInfo } from 'node:net';
import { TidegateError } from '../../../domain/errors.ts';

/** The only address that embedded servers listen on. */
export const LOCALHOST = '127.0.0.1';

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
 * A port on 127.0.0.1 that nothing listens on now; the next caller may get the same one.
 *
 * @example const port = await freePort();
 */
export const freePort = async (): Promise<number> => {
  const port = await listens(0);
  if (port === undefined) throw new TidegateError('PORT_IN_USE', `no port is free on ${LOCALHOST}`);
  return port;
};

/**
 * Refuses a port on 127.0.0.1 that something already holds.
 *
 * @throws TidegateError PORT_IN_USE naming the port and what it was wanted for
 * @example await requirePort(5432, 'Postgres');
 */
export const requirePort = async (port: number, wantedFor: string): Promise<void> => {
  // macOS lets us bind beside a listener on all addresses, so being able to listen is not proof enough.
  if (!(await isListening(port)) && (await listens(port)) !== undefined) return;
  throw new TidegateError(
    'PORT_IN_USE',
    `port ${port} on ${LOCALHOST}, wanted for ${wantedFor}, is already in use`,
  );
};
