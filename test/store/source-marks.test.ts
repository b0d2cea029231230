// For any change of a source between two looks, the next increment gives the same rows as a full run.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyDefinition, getDefinition } from '../../store/definitions/definitions.ts';
import { findOnlineRows } from '../../store/online/lookup.ts';
import { materialize } from '../../store/online/materialize.ts';
import { type Materialized } from '../../domain/data/materialized.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { sampleModel } from '../helpers/sample-model.ts';
import { settled } from '../helpers/settled.ts';

let database: MigratedDatabase;

beforeAll(async () => (database = await migratedDatabase()));
afterAll(() => database.drop());

const first = new Date('2024-03-01Z');
const second = new Date('2024-03-02Z');

interface Case {
  /**
   * Creates the source `usage` in the schema, instead of the plain table, with a row of 777 hours for each of
   * a and b.
   */
  readonly make?: string;
  /** What happens between the two looks. */
  readonly change: string;
  /** The expected values of a and b after that. */
  readonly hours: readonly [number | null, number | null];
  readonly plan?: string;
  readonly scope: 'full' | 'increment';
  readonly lookedAt: number;
  /** The expected reason why all entities are looked at. */
  readonly because?: string;
}

const COLUMNS = 'user_id text, region text, at timestamptz, loaded_at timestamptz, hours float8, plan text';
const row = (user: string, hours: number, at = '2024-03-01Z'): string =>
  `('${user}', 'eu', '${at}', '${at}', ${hours}, 'a')`;
const ROWS = `values ${row('a', 777)}, ${row('b', 777)}`;
const march = `for values from ('2024-03-01Z') to ('2024-04-01Z')`;
const partitioned = `
  create table usage (${COLUMNS}) partition by range (at);
  create table march partition of usage ${march};
  insert into usage ${ROWS};
  -- Loaded beside, before the first look.
  create table beside (like usage);
  insert into beside values ${row('a', 888)}, ${row('b', 777)}`;
const swap = `alter table usage detach partition march; alter table usage attach partition beside ${march}`;

const cases: Record<string, Case> = {
  'a partition is swapped for one with as many rows': {
    make: partitioned,
    change: swap,
    hours: [888, 777],
    scope: 'full',
    lookedAt: 2,
    because: 'has lost a partition',
  },
  'a partition of a partition is swapped': {
    make: `
      create table usage (${COLUMNS}) partition by range (at);
      create table q1 partition of usage for values from ('2024-01-01Z') to ('2024-04-01Z') partition by range (at);
      create table march partition of q1 ${march};
      insert into usage ${ROWS};
      create table beside (like usage);
      insert into beside values ${row('a', 888)}, ${row('b', 777)}`,
    change: `alter table q1 detach partition march; alter table q1 attach partition beside ${march}`,
    hours: [888, 777],
    scope: 'full',
    lookedAt: 2,
    because: 'has lost a partition',
  },
  'a partition that was loaded before is attached': {
    make: `${partitioned};
      create table february (like usage);
      insert into february values ${row('b', 5, '2024-02-03Z')}, ${row('c', 6, '2024-02-03Z')};
      insert into spine values ('c', 'eu', '2024-02-01Z')`,
    change: `alter table usage attach partition february for values from ('2024-02-01Z') to ('2024-03-01Z')`,
    hours: [777, 777],
    scope: 'increment',
    lookedAt: 2,
  },
  'an empty partition is added': {
    make: partitioned,
    change: `create table april partition of usage for values from ('2024-04-01Z') to ('2024-05-01Z')`,
    hours: [777, 777],
    scope: 'increment',
    lookedAt: 0,
  },
  'a partition is truncated and filled again': {
    make: partitioned,
    change: `truncate march; insert into usage values ${row('a', 888)}, ${row('b', 777)}`,
    hours: [888, 777],
    scope: 'full',
    lookedAt: 2,
    because: 'was rewritten or altered',
  },
  'a child table is exchanged for another': {
    make: `
      create table usage (${COLUMNS});
      create table child () inherits (usage);
      insert into child ${ROWS};
      create table beside (like usage);
      insert into beside values ${row('a', 888)}, ${row('b', 777)}`,
    change: `alter table child no inherit usage; alter table beside inherit usage`,
    hours: [888, 777],
    scope: 'full',
    lookedAt: 2,
    because: 'has lost a partition',
  },
  'the table is swapped by renaming': {
    change: `
      create table beside (like usage);
      insert into beside values ${row('a', 888)}, ${row('b', 777)};
      alter table usage rename to gone;
      alter table beside rename to usage`,
    hours: [888, 777],
    scope: 'full',
    lookedAt: 2,
    because: 'was recreated',
  },
  'a column is dropped and comes back with a default': {
    change: `alter table usage drop column hours; alter table usage add hours float8 default 888`,
    hours: [888, 888],
    scope: 'full',
    lookedAt: 2,
    because: 'was rewritten or altered',
  },
  'a column changes its type': {
    change: `alter table usage alter hours type float8 using hours + 1`,
    hours: [778, 778],
    scope: 'full',
    lookedAt: 2,
    because: 'was rewritten or altered',
  },
  'a value of an enumeration is renamed': {
    make: `
      create type plan as enum ('a', 'b');
      create table usage (${COLUMNS.replace('plan text', 'plan plan')});
      insert into usage ${ROWS}`,
    change: `alter type plan rename value 'a' to 'z'`,
    hours: [777, 777],
    plan: 'z',
    scope: 'full',
    lookedAt: 2,
    because: 'was rewritten or altered',
  },
  'a column that no feature reads is added': {
    change: `alter table usage add note text default 'x'`,
    hours: [777, 777],
    scope: 'increment',
    lookedAt: 0,
  },
  'the rows of a view are updated and their known time is not': {
    make: `create table base (${COLUMNS}); insert into base ${ROWS}; create view usage as select * from base`,
    change: `update base set hours = 888 where user_id = 'a'`,
    hours: [888, 777],
    scope: 'full',
    lookedAt: 2,
    because: 'is a view',
  },
  'the query of a view is replaced': {
    make: `create table base (${COLUMNS}); insert into base ${ROWS}; create view usage as select * from base`,
    change: `create or replace view usage as
      select user_id, region, at, loaded_at, hours + 1 as hours, plan from base`,
    hours: [778, 778],
    scope: 'full',
    lookedAt: 2,
    because: 'is a view',
  },
  'a materialised view is refreshed': {
    make: `
      create table base (${COLUMNS}); insert into base ${ROWS};
      create materialized view usage as select * from base`,
    change: `update base set hours = 888 where user_id = 'a'; refresh materialized view usage`,
    hours: [888, 777],
    scope: 'full',
    lookedAt: 2,
    because: 'was rewritten or altered',
  },
  'a materialised view is refreshed concurrently': {
    make: `
      create table base (${COLUMNS}); insert into base ${ROWS};
      create materialized view usage as select * from base;
      create unique index on usage (user_id, region, at)`,
    change: `insert into base values ${row('a', 888, '2024-03-01T12:00:00Z')};
      refresh materialized view concurrently usage`,
    hours: [888, 777],
    scope: 'increment',
    lookedAt: 1,
  },
  'the rows of a foreign table change': {
    make: `
      create table base (${COLUMNS}); insert into base ${ROWS};
      create foreign table usage (${COLUMNS}) server itself options (schema_name 'SCHEMA', table_name 'base')`,
    change: `update base set hours = 888 where user_id = 'a'`,
    hours: [888, 777],
    scope: 'full',
    lookedAt: 2,
    because: 'is a foreign table',
  },
};

test.each(Object.entries(cases))(
  '%s',
  async (what, { make, change, hours, plan, scope, lookedAt, because }) => {
    const schema = what.replaceAll(/\W+/g, '_').slice(0, 50);
    const model = await sampleModel(database, schema);
    const run = async (statements: string): Promise<void> => {
      const client = await database.pool.connect();
      try {
        await client.query(`set search_path = ${schema}; ${statements.replaceAll('SCHEMA', schema)}`);
      } finally {
        client.release(true);
      }
    };
    await model.insert('spine', ...['a', 'b'].map((user_id) => ({ user_id, at: first })));
    if (make?.includes('foreign table')) await connectToItself();
    await run(make === undefined ? `insert into usage ${ROWS}` : `drop table usage; ${make}`);
    await applyDefinition(database, model.definition, 'ada');
    expect(await write(schema, first)).toMatchObject({ scope: 'full' });

    await run(change);
    const done = await write(schema, second);
    expect(done).toMatchObject({ scope, lookedAt });
    if (because === undefined) expect(done.fullBecause).toBeNull();
    else expect(done.fullBecause).toContain(`${schema}.usage ${because}`);
    const found = await findOnlineRows(
      database,
      ['a', 'b'].map((user) => ({ model: schema, definitionVersion: 1, entityKey: [user, 'eu'] })),
    );
    expect(found.map((each) => each?.features['hours'])).toEqual(hours);
    if (plan !== undefined) expect(found[0]?.features).toMatchObject({ plan });
  },
);

test.each(['vacuum full usage', 'cluster usage using by_user'])(
  'an increment still works after %s',
  async (statement) => {
    const schema = statement.replaceAll(/\W+/g, '_');
    const model = await sampleModel(database, schema);
    await model.insert('spine', ...['a', 'b'].map((user_id) => ({ user_id, at: first })));
    await database.pool.query(`insert into ${schema}.usage ${ROWS}`);
    await database.pool.query(`create index by_user on ${schema}.usage (user_id)`);
    await applyDefinition(database, model.definition, 'ada');
    await write(schema, first);
    await database.pool.query(statement.replace('usage', `${schema}.usage`));
    await model.insert('usage', { user_id: 'a', at: second, hours: 888 });
    expect(await write(schema, second)).toMatchObject({ lookedAt: 2, written: 1 });
    expect(await write(schema, second)).toMatchObject({ scope: 'increment', lookedAt: 0 });
  },
);

test('does one full run after a mark of an earlier release, which names no files', async () => {
  const model = await sampleModel(database, 'old_mark');
  await model.insert('spine', { user_id: 'a', at: first });
  await model.insert('usage', { user_id: 'a', at: first, hours: 1 });
  await applyDefinition(database, model.definition, 'ada');
  await write('old_mark', first);
  await database.pool.query(
    `update tidegate.online_watermark
     set mark = mark #- '{tables,0,parts}' #- '{tables,1,parts}' where model = 'old_mark'`,
  );
  const done = await write('old_mark', second);
  expect(done.fullBecause).toContain('a mark of an earlier release');
  expect(await write('old_mark', second)).toMatchObject({ scope: 'increment', lookedAt: 0 });
});

async function write(model: string, asOf: Date): Promise<Materialized> {
  await settled(database);
  return materialize(database, { source: await getDefinition(database, model), asOf });
}

/** Creates a foreign server that points to this database itself. */
async function connectToItself(): Promise<void> {
  const { hostname, port, pathname, username, password } = new URL(database.url);
  await database.pool.query(`
    create extension postgres_fdw;
    create server itself foreign data wrapper postgres_fdw
      options (host '${hostname}', port '${port}', dbname '${pathname.slice(1)}');
    create user mapping for current_user server itself
      options (user '${username}', password '${password}')`);
}
