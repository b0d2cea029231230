// Tags, descriptions, aliases and comments in the database.
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  addComment,
  listComments,
  readFacts,
  setAlias,
  setDescription,
  setTags,
} from '../../store/registry/facts.ts';
import { candidateModel } from '../helpers/candidates.ts';
import { failureOf, sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

const MODEL = 'described';
const whole = { model: MODEL, version: null };
const first = { model: MODEL, version: 1 };
let database: MigratedDatabase;

beforeAll(async () => {
  database = await migratedDatabase();
  const model = await candidateModel(database, MODEL);
  await model.produce();
  await model.stage();
});
afterAll(() => database.drop());

test('tags and descriptions belong to a model or to one version, and are replaced and removed', async () => {
  await setTags(database, whole, { ['team']: 'growth' }, 'ada');
  await setTags(database, first, { ['team']: "'; drop table tidegate.tag; --" }, 'ada');
  await setTags(database, first, { ['__proto__']: '<b>' }, 'ada');
  await setTags(database, first, { ['gone']: 'x' }, 'ada');
  await setTags(database, first, { ['gone']: null }, 'bo');
  await setTags(database, whole, { ['team']: 'retention' }, 'bo');
  await setDescription(database, first, 'the first', 'ada');
  const facts = await readFacts(database, MODEL);
  expect(facts.of(whole)).toMatchObject({ tags: { team: 'retention' }, description: '' });
  const { tags, description } = facts.of(first);
  expect(Object.entries(tags)).toEqual([
    ['__proto__', '<b>'],
    ['team', "'; drop table tidegate.tag; --"],
  ]);
  expect(description).toBe('the first');
  await setDescription(database, first, '', 'ada');
  expect((await readFacts(database)).of(first).description).toBe('');
});

test('champion and challenger follow the stages, and other aliases point where they were set', async () => {
  await setAlias(database, MODEL, 'blue', 1, 'ada');
  await setAlias(database, MODEL, 'blue', 2, 'ada');
  const facts = await readFacts(database, MODEL);
  expect(facts.aliasesOf(MODEL)).toEqual({ champion: 1, challenger: 2, blue: 2 });
  expect(facts.of(first).aliases).toEqual(['champion']);
  await setAlias(database, MODEL, 'blue', null, 'ada');
  expect((await readFacts(database, MODEL)).aliasesOf(MODEL)).toEqual({ champion: 1, challenger: 2 });
  expect(
    await sqlStateOf(
      database.pool.query(
        `insert into tidegate.alias (model, alias, version, set_by) values ('${MODEL}', 'Champion', 2, 'ada')`,
      ),
    ),
  ).toBe('23514');
});

test('comments are added and never changed', async () => {
  await addComment(database, first, { text: 'looks good', actor: 'ada', authority: 'key' });
  await addComment(database, first, { text: '<script>', actor: 'bo', authority: 'key' });
  const comments = await listComments(database, MODEL, 1);
  expect(comments.map(({ text }) => text)).toEqual(['looks good', '<script>']);
  expect((await listComments(database, MODEL, 1, 1)).map(({ text }) => text)).toEqual(['<script>']);
  const { pool } = database;
  expect(await sqlStateOf(pool.query(`update tidegate.version_comment set text = 'x'`))).toBe('TG001');
  expect(await sqlStateOf(pool.query('delete from tidegate.version_comment'))).toBe('TG001');
});

test('what does not exist is refused, and so are more tags than are kept', async () => {
  const absent = { model: MODEL, version: 9 };
  expect((await failureOf(setTags(database, absent, { ['a']: 'b' }, 'ada'))).code).toBe('UNKNOWN_VERSION');
  expect((await failureOf(setAlias(database, 'absent', 'blue', 1, 'ada'))).code).toBe('UNKNOWN_MODEL');
  await database.pool.query(
    `insert into tidegate.tag (model, version, key, value, set_by)
     select '${MODEL}', 2, n::text, '', 'ada' from generate_series(1, 200) as n`,
  );
  const second = { model: MODEL, version: 2 };
  expect((await failureOf(setTags(database, second, { ['one more']: '' }, 'ada'))).code).toBe(
    'INVALID_REQUEST',
  );
  await setTags(database, second, { ['7']: 'replaced' }, 'ada');
  expect(Object.keys((await readFacts(database, MODEL)).of(second).tags)).toHaveLength(200);
});
