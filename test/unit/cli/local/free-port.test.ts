// Finding and refusing ports.
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
  await requirePort(port, 'Postgres');
});

test.each(['127.0.0.1', '0.0.0.0'])('a port held on %s is refused by number and purpose', async (host) => {
  const held = await listenOn(host);
  expect(await isListening(held.port)).toBe(true);
  await expect(requirePort(held.port, 'Postgres')).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `port ${held.port} on 127.0.0.1, wanted for Postgres, is already in use`,
  });
  await held.close();
  await requirePort(held.port, 'Postgres');
});
