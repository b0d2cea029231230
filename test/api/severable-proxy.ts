// A proxy to Postgres that a test can disconnect or stall.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy in front of a Postgres. */
export interface SeverableProxy {
  /** URL of the same database through the proxy. */
  readonly url: string;
  /** Closes every connection and accepts no more. */
  cut(): Promise<void>;
  /** Stops passing data on in both directions but still accepts connections, like a stopped server. */
  stall(): void;
  /** Passes on the data that has arrived in the meantime. */
  resume(): void;
}

/** Opens a proxy before the server of a connection string. */
export async function openSeverableProxy(target: string): Promise<SeverableProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let stalled = false;
  const server = createServer((incoming) => {
    const outgoing = connect(Number(port), hostname);
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        incoming.destroy();
        outgoing.destroy();
        sockets.delete(socket);
      });
    }
    for (const [from, to] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const)
      from.on('data', (bytes) => to.write(bytes));
    if (stalled) incoming.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    stall: () => {
      stalled = true;
      for (const socket of sockets) socket.pause();
    },
    resume: () => {
      stalled = false;
      for (const socket of sockets) socket.resume();
    },
    cut: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
