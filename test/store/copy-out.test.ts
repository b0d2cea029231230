// COPY … TO STDOUT bypassing pg's parser: every row arrives, and pg can use the connection normally afterwards.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { copyOut, copyRows } from '../../store/postgres/copy-out.ts';
import { CopyTap } from '../../store/postgres/copy-tap.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());

async function withClient<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await database.pool.connect();
  try {
    return await use(client);
  } finally {
    client.release();
  }
}

const stillWorks = async (client: pg.PoolClient): Promise<void> =>
  expect((await client.query('select $1::int as one', [1])).rows).toEqual([{ one: 1 }]);

const binary = (query: string): string => `copy (${query}) to stdout (format binary)`;

describe('a binary COPY', () => {
  it('returns every field of short rows, including nulls', () =>
    withClient(async (client) => {
      const seen: (string | null)[] = [];
      await copyOut(
        client,
        binary(`select g::text, case when g = 2 then null else 'é' end from generate_series(1, 3) g`),
        (fields) => seen.push(...fields.map((field) => field?.toString() ?? null)),
      );
      expect(seen).toEqual(['1', 'é', '2', null, '3', 'é']);
      await stillWorks(client);
    }));

  it('assembles rows that span several reads of the socket, for all lengths around the size of a read', () =>
    withClient(async (client) => {
      const lengths = [0, 1, 7, 60_000, 65_529, 65_536, 65_537, 200_001, 1_000_000, 3];
      const seen: [number, number][] = [];
      await copyOut(
        client,
        binary(
          `select ordinality::int, convert_to(repeat(chr((96 + ordinality)::int), length), 'UTF8')
           from unnest(array[${lengths.join()}]) with ordinality as t(length, ordinality)`,
        ),
        ([ordinal, bytes]) => {
          const at = ordinal!.readInt32BE(0);
          expect(bytes!.every((byte) => byte === 96 + at)).toBe(true);
          seen.push([at, bytes!.length]);
        },
      );
      expect(seen).toEqual(lengths.map((length, index) => [index + 1, length]));
    }));

  it('reads nothing more until the promise of the reader settles, and rejects if that rejects', () =>
    withClient(async (client) => {
      const query = binary('select repeat($$x$$, 1000) from generate_series(1, 2000)');
      let taken = 0;
      let isBusy = false;
      await copyRows(client, query, () => {
        expect(isBusy).toBe(false);
        taken += 1;
        if (taken % 300 !== 0) return;
        isBusy = true;
        return new Promise((resolve) => setImmediate(() => resolve(void (isBusy = false))));
      });
      expect(taken).toBe(2000);
      await stillWorks(client);
      const refused = copyRows(client, query, () => Promise.reject(new Error('no room')));
      await expect(refused).rejects.toThrow('no room');
      await stillWorks(client);
    }));

  it('passes on a hundred thousand rows once each, in order', () =>
    withClient(async (client) => {
      let next = 0;
      await copyOut(client, binary('select g from generate_series(0, 99999) g'), ([field]) => {
        if (field!.readInt32BE(0) === next) next += 1;
      });
      expect(next).toBe(100_000);
      await stillWorks(client);
    }));

  it('aligns the end of a long row so that a typed array can read numbers there', () =>
    withClient(async (client) => {
      const offsets: number[] = [];
      await copyOut(
        client,
        binary(
          `select repeat('x', g), convert_to(repeat('y', 8 * 20000), 'UTF8') from generate_series(1, 9) g`,
        ),
        (fields) => offsets.push(fields[1]!.byteOffset % 8),
      );
      expect(offsets).toEqual(Array(9).fill(0));
    }));

  it('passes on no row if the query has none', () =>
    withClient(async (client) => {
      await copyOut(client, binary('select 1 where false'), () => expect.unreachable());
      await stillWorks(client);
    }));
});

describe('a COPY that fails', () => {
  it('rejects with the error of Postgres, before the first row and in the middle', () =>
    withClient(async (client) => {
      await expect(copyOut(client, binary('select * from nowhere'), () => undefined)).rejects.toMatchObject({
        code: '42P01',
      });
      await stillWorks(client);
      let rows = 0;
      await expect(
        copyOut(client, binary('select 1 / (50000 - g) from generate_series(1, 60000) g'), () => (rows += 1)),
      ).rejects.toMatchObject({ code: '22012' });
      expect(rows).toBeGreaterThan(0);
      await stillWorks(client);
    }));

  it('rejects once with the error of its reader, and passes on no further row', () =>
    withClient(async (client) => {
      let rows = 0;
      const refused = copyOut(client, binary('select g from generate_series(1, 50000) g'), () => {
        rows += 1;
        throw new Error('not this one');
      });
      await expect(refused).rejects.toThrow('not this one');
      expect(rows).toBe(1);
      await stillWorks(client);
    }));

  it('rejects if the connection breaks', async () => {
    const client = await database.pool.connect();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const broken = copyOut(
      client,
      binary('select g, pg_sleep(0.01) from generate_series(1, 100000) g'),
      () => undefined,
    );
    const isRejected = expect(broken).rejects.toThrow();
    await database.pool.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
    await isRejected;
    client.release(true);
  });
});

it('passes notices and notifications on to pg', () =>
  withClient(async (client) => {
    const heard: string[] = [];
    client.on('notice', ({ message }) => heard.push(message ?? ''));
    client.on('notification', ({ channel }) => heard.push(channel));
    await client.query(`create function pg_temp.told(n int) returns int language plpgsql as $$
      begin raise warning 'row %', n; return n; end $$`);
    await client.query('listen news');
    await client.query('begin; notify news');
    let rows = 0;
    await CopyTap.run(
      client,
      'copy (select pg_temp.told(g) from generate_series(1, 3) g) to stdout',
      () => void (rows += 1),
    );
    await client.query('commit');
    expect(rows).toBe(3);
    expect(heard).toEqual(['row 1', 'row 2', 'row 3', 'news']);
    client.removeAllListeners('notice');
    client.removeAllListeners('notification');
  }));
