// Finding free ports, and refusing ports that are taken.
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, isListening, requirePort } from '../../../../cli/local/processes/free-port.ts';

const listenOn = (host: string) =>
  new Promise<{ port: number; close(): Promise<void> }>((resolve) => {
    const server = createServer().listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      resolve({ port, close: () => new Promise((closed) => server.close(() => closed())) });
    });
  });

test('a free port is accepted', async () => {
  const port = await freePort();
  expect(await isListening(port)).toBe(false);
  await requirePort(port, 'Postgres', 'TIDEGATE_POSTGRES_PORT');
});

test.each(['127.0.0.1', '0.0.0.0'])(
  'a port in use on %s is refused with its number, purpose and setting',
  async (host) => {
    const held = await listenOn(host);
    expect(await isListening(held.port)).toBe(true);
    await expect(requirePort(held.port, 'Postgres', 'TIDEGATE_POSTGRES_PORT')).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `port ${held.port} on 127.0.0.1, wanted for Postgres, is already in use`,
      remedy: `Stop what uses the port, or choose another: TIDEGATE_POSTGRES_PORT=${held.port < 65_535 ? held.port + 1 : held.port - 1}.`,
    });
    await held.close();
    await requirePort(held.port, 'Postgres', 'TIDEGATE_POSTGRES_PORT');
  },
);
