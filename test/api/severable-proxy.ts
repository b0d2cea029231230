// A way to Postgres that a test can cut.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A proxy in front of a Postgres. */
export interface SeverableProxy {
  /** Reaches the same database through the proxy. */
  readonly url: string;
  /** Breaks every connection and takes no more. */
  cut(): Promise<void>;
}

/** Opens a proxy before the server of a connection string. */
export async function openSeverableProxy(target: string): Promise<SeverableProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
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
    incoming.pipe(outgoing).pipe(incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cut: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
