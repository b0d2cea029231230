// The listener for stage changes, when its connection is lost again and again.
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { listenToChannels } from '../../api/serving/channel-listener.ts';
import { eventually } from '../helpers/eventually.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { silent } from './fixture.ts';

let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
});

afterAll(() => database.drop());

it('does not accumulate listeners when it loses connections', async () => {
  const leaks = vi.fn();
  process.on('warning', leaks);
  let connections = 0;
  const stop = listenToChannels({
    database,
    channels: ['tidegate_test'],
    onSignal: () => (connections += 1),
    logger: silent,
    reconnectMs: 1,
  });
  // Node warns at the eleventh listener on one signal.
  while (connections < 15) {
    const before = connections;
    await eventually(async () => {
      await database.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'tidegate-listen'`,
      );
      expect(connections).toBeGreaterThan(before);
    });
  }
  await stop();
  process.off('warning', leaks);
  expect(leaks).not.toHaveBeenCalled();
});
