// What a SQL session with the application's privileges cannot do: change what a decision is based on, or promote without one.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openReport } from '../../store/registry/reports.ts';
import { evidenceDigestOf, findEvidence } from '../../store/registry/evidence.ts';
import { writeComparison, writePromotionDecision } from '../../store/registry/comparisons.ts';
import { closeRetrain } from '../../store/registry/retrains.ts';
import { writeOnnxModel } from '../../store/registry/onnx-models.ts';
import { checkChain } from '../../store/registry/verify-chain.ts';
import { approved, type CandidateModel, candidateModel } from '../helpers/candidates.ts';
import { failureOf, sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

let database: MigratedDatabase;
let model: CandidateModel;
let waiting: number;

const run = (statement: string, values: unknown[] = []) => database.pool.query(statement, values);

/** Runs statements in one transaction, because the server does that with all statements of one message. */
const together = (...statements: string[]) => database.pool.query(statements.join('; '));

const move = (version: number, from: string, to: string, reason: string, more = '') =>
  `insert into tidegate.transition (model, version, from_stage, to_stage, reason, actor, authority, workflow_id, run_id
     ${more === '' ? '' : ', evidence_digest'})
   values ('kept', ${version}, '${from}', '${to}', '${reason}', 'ada', 'key', 'w', 'r'${more === '' ? '' : `, '${more}'`})`;

beforeAll(async () => {
  database = await migratedDatabase({ max: 3 });
  model = await candidateModel(database, 'kept');
  const champion = await model.produce();
  waiting = await model.stage();
  await writeComparison(database, {
    model: 'kept',
    candidateVersion: waiting,
    championVersion: champion,
    datasetId: 1,
    body: { rows: 7 } as never,
  });
  await writePromotionDecision(database, 'kept', waiting, { promote: true } as never);
  const asOf = new Date('2024-02-01Z');
  const about = { model: 'kept', definitionVersion: 1, championVersion: null, datasetId: 1, asOf };
  await openReport(database, { ...about, request: 'decided', workflowId: 'w', runId: 'r' });
  await run(
    `update tidegate.report set drift = '{"a": 1}', decision = '{"retrain": true}', summary = 'drifted'`,
  );
  await closeRetrain(database, `kept/${waiting}`, { outcome: 'staged', reason: 'better', summary: 'better' });
  await writeOnnxModel(database, new Uint8Array([1, 2, 3]));
});
afterAll(() => database.drop());

const refused: [table: string, change: string][] = [
  ['evidence', `body = jsonb_set(body, '{summary}', '"perfect"')`],
  ['evidence', `digest = repeat('0', 64)`],
  ['evidence', `expires_at = now()`],
  ['comparison', `body = '{}'`],
  ['comparison', `decision = '{"promote": false}'`],
  ['comparison', `decision = null`],
  ['comparison', `decided_at = now() - interval '1 day'`],
  ['comparison', `champion_version = null`],
  ['report', `drift = '{}'`],
  ['report', `quality = '{}'`],
  ['report', `decision = null`],
  ['report', `summary = 'nothing drifted'`],
  ['report', `dataset_id = 2`],
  ['report', `as_of = now()`],
  ['allowed_move', `reason = 'because'`],
  ['transition', `actor = 'mallory'`],
  ['decision', `accepted = false, refusal = 'no'`],
  ['definition', `body = '{}'`],
  ['version', `artifact = '{}'`],
  ['version', `stage = 'Production'`],
  ['retrain', `requested_by = 'nobody'`],
  ['retrain', `as_of = now()`],
  ['dataset', `digest = 'x'`],
  ['dataset', `row_count = 7`],
  ['dataset_chunk', `bytes = ''`],
  ['onnx_model', `bytes = ''`],
  ['model', `holdout = '{"share": 0.1}'`],
  ['model', `label = '{}'`],
];

test.each(refused)('an update of %s to %s is refused', async (table, change) => {
  const before = await run(`select md5(t::text) from tidegate.${table} t order by 1`);
  expect(before.rows).not.toEqual([]);
  expect(await sqlStateOf(run(`update tidegate.${table} set ${change}`))).toBe('TG001');
  expect((await run(`select md5(t::text) from tidegate.${table} t order by 1`)).rows).toEqual(before.rows);
});

test('the outcome of a finished retrain cannot be changed', async () => {
  expect(
    await sqlStateOf(run(`update tidegate.retrain set outcome = 'refused' where id = 'kept/${waiting}'`)),
  ).toBe('TG001');
});

const tables = [
  'evidence', 'comparison', 'report', 'allowed_move', 'transition', 'decision', 'definition', 'version', 'retrain',
  'dataset', 'dataset_chunk',
]; // prettier-ignore

test.each(tables)('rows of %s can be neither deleted nor truncated', async (table) => {
  const count = async (): Promise<unknown> => (await run(`select count(*) as n from tidegate.${table}`)).rows;
  const before = await count();
  expect(await sqlStateOf(run(`delete from tidegate.${table}`))).toMatch(/^TG001$/);
  expect(await sqlStateOf(run(`truncate tidegate.${table} cascade`))).toBe('TG001');
  expect(await count()).toEqual(before);
});

test('the rows of a dataset can be deleted only when it expires, with the two statements in either order', async () => {
  await run(`insert into tidegate.dataset (id, request, model, definition_version, window_from, window_to, as_known_at,
      row_count, labelled_rows, training_rows, holdout_rows, columns, digest)
    select id + 500, request || '/copy' || id, model, definition_version, window_from, window_to, as_known_at, row_count,
      labelled_rows, training_rows, holdout_rows, columns, digest from tidegate.dataset limit 1`);
  await run(
    `insert into tidegate.dataset_chunk select id, 'key', 0, 'x', '' from tidegate.dataset where id > 500`,
  );
  expect(await sqlStateOf(run('delete from tidegate.dataset_chunk where dataset_id > 500'))).toBe('TG001');
  await together(
    'delete from tidegate.dataset_chunk where dataset_id > 500',
    'update tidegate.dataset set expired_at = now() where id > 500',
  );
});

test('new kinds of moves cannot be added by inserting a row', async () => {
  expect(
    await sqlStateOf(run(`insert into tidegate.allowed_move values ('None', 'Production', 'because')`)),
  ).toBe('TG001');
});

describe('a move into Production', () => {
  let digest = 'e'.repeat(64);

  const champion = async (): Promise<unknown> =>
    (await run(`select version from tidegate.version where model = 'kept' and stage = 'Production'`)).rows;

  test('is refused without a decision', async () => {
    expect(await sqlStateOf(run(move(waiting, 'Staging', 'Production', 'approved', digest)))).toBe('TG002');
    expect(
      await sqlStateOf(
        together(
          move(1, 'Production', 'Archived', 'replaced', digest),
          move(waiting, 'Staging', 'Production', 'approved', digest),
        ),
      ),
    ).toBe('TG002');
    expect(await champion()).toEqual([{ version: 1 }]);
  });

  test('is refused if the decision was not accepted, is a rejection, or is based on other evidence', async () => {
    const decide = (request: string, decision: string, accepted: boolean) =>
      `insert into tidegate.decision (request, model, version, evidence_digest, decision, actor, authority, channel, comment,
         accepted, refusal, workflow_id, run_id)
       values ('${request}', 'kept', ${waiting}, '${digest}', '${decision}', 'ada', 'key', 'update', '', ${accepted},
         ${accepted ? 'null' : `'no'`}, 'w', 'r')`;
    const swap = [
      move(1, 'Production', 'Archived', 'replaced', digest),
      move(waiting, 'Staging', 'Production', 'approved', digest),
    ];
    expect(await sqlStateOf(together(decide('a', 'approve', false), ...swap))).toBe('TG002');
    expect(await sqlStateOf(together(decide('b', 'reject', true), ...swap))).toBe('TG002');
    // The decision is accepted, but no evidence is stored under its digest.
    expect(await sqlStateOf(together(decide('c', 'approve', true), ...swap))).toBe('TG002');
    expect(await champion()).toEqual([{ version: 1 }]);
  });

  test('is refused if champion, digest or person differ from those of the decision', async () => {
    await approved(database, 'kept', waiting, 1);
    digest = (await evidenceDigestOf(database, 'kept', waiting))!;
    const replaced = move(1, 'Production', 'Archived', 'replaced', digest);
    const promoted = move(waiting, 'Staging', 'Production', 'approved', digest);
    expect(await sqlStateOf(run(promoted))).toBe('TG002');
    expect(await sqlStateOf(together(replaced, promoted.replace(digest, 'f'.repeat(64))))).toBe('TG002');
    expect(await sqlStateOf(together(replaced, promoted.replace(`'ada'`, `'mallory'`)))).toBe('TG002');
    expect(await champion()).toEqual([{ version: 1 }]);
  });

  test('cannot be prepared by archiving the champion alone', async () => {
    expect(await sqlStateOf(run(move(1, 'Production', 'Archived', 'replaced', digest)))).toBe('TG002');
    expect(await sqlStateOf(run(move(1, 'Production', 'Archived', 'rolled_back')))).toBe('TG002');
    expect(await champion()).toEqual([{ version: 1 }]);
  });

  test('as a rollback is refused unless the champion is archived with it', async () => {
    expect(await sqlStateOf(run(move(1, 'Archived', 'Production', 'rollback')))).toBe('TG002');
  });

  test('is refused if the sequence of ids was set back', async () => {
    await run(`select setval('tidegate.transition_id', 1)`);
    const state = await sqlStateOf(run(move(waiting, 'Staging', 'Archived', 'withdrawn')));
    await run(`select setval('tidegate.transition_id', (select max(id) from tidegate.transition))`);
    expect(state).toBe('TG001');
  });

  test('ignores hash, id and instant given in the row', async () => {
    const fourth = await model.register();
    await run(`insert into tidegate.transition (id, model, version, from_stage, to_stage, reason, actor, authority, workflow_id,
        run_id, at, previous_hash, hash)
      values (1, 'kept', ${fourth}, 'None', 'Archived', 'failed', 'ada', 'key', 'w', 'r', '1999-01-01', 'x', 'y')`);
    expect((await checkChain(database, 'kept')).broken).toBeNull();
  });

  test('succeeds with the decision, by the statements that the store uses', async () => {
    await together(
      move(1, 'Production', 'Archived', 'replaced', digest),
      move(waiting, 'Staging', 'Production', 'approved', digest),
    );
    expect(await champion()).toEqual([{ version: waiting }]);
    expect((await checkChain(database, 'kept')).broken).toBeNull();
  });
});

test('a stage cannot be set from another trigger, and one statement cannot move a version twice', async () => {
  const version = await model.register();
  const nested = together(
    'create temp table lever (n int)',
    `create function pg_temp.pull() returns trigger language plpgsql as $$
     begin update tidegate.version set stage = 'Production' where version = ${version}; return new; end $$`,
    'create trigger pulled before insert on lever for each row execute function pg_temp.pull()',
    'insert into lever values (1)',
  );
  expect(await sqlStateOf(nested)).toBe('TG001');
  const row = `('kept', ${version}, 'None', 'Archived', 'failed', 'ada', 'key', 'w', 'r')`;
  const twice =
    run(`insert into tidegate.transition (model, version, from_stage, to_stage, reason, actor, authority,
    workflow_id, run_id) values ${row}, ${row}`);
  expect(await sqlStateOf(twice)).toBe('TG002');
  const { rows } = await run('select stage from tidegate.version where version = $1', [version]);
  expect(rows).toEqual([{ stage: 'None' }]);
});

test('a rejection needs a decision that rejects', async () => {
  const version = await model.stage();
  expect(await sqlStateOf(run(move(version, 'Staging', 'Archived', 'rejected')))).toBe('TG002');
});

test('evidence that was changed with triggers disabled is detected when it is read', async () => {
  await run(`set local session_replication_role = replica;
    update tidegate.evidence set body = jsonb_set(body, '{summary}', '"perfect"') where version = ${waiting}`);
  expect(await failureOf(findEvidence(database, 'kept', waiting))).toMatchObject({
    code: 'EVIDENCE_CHANGED',
    retryable: false,
  });
});

describe('a name that is not one printable line', () => {
  test.each([
    'grace\nroot: ok',
    'grace\u202eecarg',
    'gra\u200bce',
    'grace\u0085',
    'grace\u2028ok',
    'grace\u001b[2J',
  ])('%j cannot be stored in any table', async (name) => {
    const insert = run(
      `insert into tidegate.retrain (id, model, trigger, requested_by, workflow_id, run_id)
         values ($1, 'kept', 'by hand', $1, 'w', 'r')`,
      [name],
    );
    expect(await sqlStateOf(insert)).toBe('TG003');
    const decided = run(
      `insert into tidegate.decision (request, model, version, evidence_digest, decision, actor, authority, channel, comment,
           accepted, refusal, workflow_id, run_id) values ($1, 'kept', 1, '', 'approve', $1, 'key', 'update', '', false, 'no',
           'w', 'r')`,
      [name],
    );
    expect(await sqlStateOf(decided)).toBe('TG003');
  });

  test('names may use letters of any script', async () => {
    for (const name of ['Zoë O’Brien', '李小龍', 'Ørsted-Łukasz', 'ada@example.com', 'नमिता'])
      await run(
        `insert into tidegate.retrain (id, model, trigger, requested_by, workflow_id, run_id)
         values ($1, 'kept', 'by hand', $1, 'w', 'r')`,
        [name],
      );
  });
});
