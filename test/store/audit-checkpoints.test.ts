// Checkpoints and anchors: what a chain of hashes alone cannot show, they show.
import { createPrivateKey, sign } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Checkpoints } from '../../api/checkpoints.ts';
import { anchor, anchorLine } from '../../store/audit/anchor.ts';
import { takeCheckpoint } from '../../store/audit/checkpoint.ts';
import { fingerprintOf, openSigner, rotateKeyFile, type Signer } from '../../store/audit/signing-key.ts';
import { waitingRequests } from '../../store/registry/notice-requests.ts';
import { verifyInstallation, verifyInstallationWithin } from '../../store/audit/verify-installation.ts';
import { type CandidateModel, candidateModel, recordHolder } from '../helpers/candidates.ts';
import { failureOf, sqlStateOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { eventually } from '../helpers/eventually.ts';

let database: MigratedDatabase;
let model: CandidateModel;
let folder: string;
let keyFile: string;
let signer: Signer;
let anchors: string;
let fingerprint: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-audit-'));
  keyFile = join(folder, 'key.pem');
  database = await migratedDatabase();
  await recordHolder(database, 'ada');
  model = await candidateModel(database, 'churn');
  await model.produce();
  signer = await openSigner({ file: keyFile }, { create: true });
  fingerprint = fingerprintOf(signer.publicKey);
  const first = (await takeCheckpoint(database, signer))!;
  await model.produce();
  const second = (await takeCheckpoint(database, signer))!;
  anchors = `${anchorLine(first)}\n${anchorLine(second)}\n`;
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

/** Runs statements with triggers off, verifies, and takes the statements back. */
async function after(statements: string, facts = { fingerprint, anchors }) {
  const client = await database.pool.connect();
  try {
    await client.query(`begin; set local session_replication_role = replica`);
    await client.query(statements);
    return await verifyInstallationWithin(client, facts);
  } finally {
    await client.query('rollback');
    client.release();
  }
}

test('an anchored log is whole; without fingerprint or anchor it is unanchored', async () => {
  const found = await verifyInstallation(database, { fingerprint, anchors });
  expect(found).toMatchObject({ whole: true, unanchored: null, checkpoints: 2, anchored: { sequence: 2 } });
  expect(await verifyInstallation(database)).toMatchObject({
    whole: true,
    unanchored: expect.any(String) as string,
  });
  expect((await verifyInstallation(database, { fingerprint })).unanchored).toContain(
    'no anchored checkpoint',
  );
  expect((await verifyInstallation(database, { anchors })).unanchored).toContain('no fingerprint');
});

test('nothing is signed if nothing has changed, and the key file is for its owner only', async () => {
  expect(await takeCheckpoint(database, signer)).toMatchObject({ isNew: false, sequence: 2 });
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  await chmod(keyFile, 0o640);
  expect((await failureOf(openSigner({ file: keyFile }))).remedy).toContain('chmod 600');
  await chmod(keyFile, 0o600);
  expect((await failureOf(openSigner({ file: join(folder, 'none') }))).code).toBe('BAD_CONFIG');
});

const REBUILD = `
  do $$ declare e record; previous text; chain_ text := null; n int; begin
    for e in select * from tidegate.audit_event order by chain, position loop
      if e.chain is distinct from chain_ then previous := ''; n := 0; chain_ := e.chain; end if;
      n := n + 1;
      update tidegate.audit_event set position = n, previous_hash = previous,
        hash = encode(sha256(convert_to(jsonb_build_array(previous, chain, n, kind, subject, actor,
          (extract(epoch from at) * 1000000)::bigint)::text || body::text, 'UTF8')), 'hex')
        where chain = e.chain and position = e.position returning hash into previous;
    end loop; end $$;`;

const CUT = `delete from tidegate.audit_event e where chain = 'churn' and position >
  (select max(position) - 2 from tidegate.audit_event where chain = 'churn')`;

test.each([
  ['the tail of a chain', CUT, 'was anchored'],
  ['the tail of a chain and the rows', `${CUT}; delete from tidegate.transition where version = 2`, 'was anchored'],
  ['a chain that was rebuilt after a change',
   `update tidegate.audit_event set actor = 'eve' where chain = 'churn' and position = 3; ${REBUILD}`, 'was anchored'],
  ['a chain that was rebuilt without one of its events',
   `delete from tidegate.audit_event where chain = 'churn' and position = 3; ${REBUILD}`, 'was anchored'],
  ['all events', `truncate tidegate.audit_event`, 'was anchored'],
  ['the newest checkpoint', `delete from tidegate.checkpoint where sequence = 2`, 'was anchored and is missing'],
  ['all checkpoints', `delete from tidegate.checkpoint`, 'no checkpoint is signed by the key'],
  ['the signature of a checkpoint', `update tidegate.checkpoint set signature = 'AAAA' where sequence = 1`, 'signature'],
  ['the text of a checkpoint', `update tidegate.checkpoint set statement = replace(statement, 'churn', 'other')`, 'signature'],
  ['the order of checkpoints', `update tidegate.checkpoint set sequence = 3 - sequence + 10; update tidegate.checkpoint set sequence = sequence - 10`, 'is not the 1.'],
])('a change of %s is found', async (_, statement, problem) => {
  const found = await after(statement);
  expect(found.problems.map((each) => each.problem)).toContainEqual(expect.stringContaining(problem));
}); // prettier-ignore

test('checkpoints that were signed again by another key are found', async () => {
  const other = await openSigner({ file: join(folder, 'other.pem') }, { create: true });
  const key = createPrivateKey(await readFile(join(folder, 'other.pem'), 'utf8'));
  const { rows } = await database.pool.query<{ statement: string }>(
    'select statement from tidegate.checkpoint where sequence = 1',
  );
  const statement = JSON.stringify({ ...JSON.parse(rows[0]!.statement), publicKey: other.publicKey });
  const signature = sign(null, Buffer.from(statement), key).toString('base64');
  const found = await after(
    `delete from tidegate.checkpoint where sequence = 2;
     update tidegate.checkpoint set statement = '${statement}', signature = '${signature}'`,
  );
  expect(found.problems.map(({ problem }) => problem)).toEqual([
    `no checkpoint is signed by the key ${fingerprint}`,
    'checkpoint 1 was anchored with other contents',
    'checkpoint 2 was anchored and is missing',
  ]);
});

test('events that have been in no anchored checkpoint for minutes make the log unanchored', async () => {
  const [line] = anchors.split('\n');
  expect((await verifyInstallation(database, { fingerprint, anchors: line! })).unanchored).toBeNull();
  const found = await after(`update tidegate.audit_event set at = at - interval '6 minutes'`, {
    fingerprint,
    anchors: line!,
  });
  expect(found.unanchored).toMatch(/events are older than 5 minutes/);
});

test('the database refuses a checkpoint that moves back, skips one, or names an event that does not exist', async () => {
  const { rows } = await database.pool.query<{ statement: string }>(
    'select statement from tidegate.checkpoint order by sequence',
  );
  const insert = (change: object, sequence = 3) =>
    sqlStateOf(
      database.pool.query(
        `insert into tidegate.checkpoint (sequence, statement, signature)
         select $1::int, ($2::jsonb || jsonb_build_object('previous', encode(sha256(convert_to(statement, 'UTF8')), 'hex')))::text, ''
         from tidegate.checkpoint where sequence = 2`,
        [sequence, JSON.stringify({ ...JSON.parse(rows[1]!.statement), sequence, ...change })],
      ),
    );
  const { heads } = JSON.parse(rows[0]!.statement) as { heads: Record<string, [number, string]> };
  expect(await insert({ heads })).toBe('TG001');
  expect(await insert({}, 4)).toBe('TG001');
  expect(await insert({ heads: { ...heads, churn: [999, 'x'] } })).toBe('TG001');
  expect(await sqlStateOf(database.pool.query('delete from tidegate.checkpoint'))).toBe('TG001');
});

test('a process anchors to a file and an address, and goes on after a failure', async () => {
  const bodies: string[] = [];
  let status = 500;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(body);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const file = join(folder, 'anchors.jsonl');
  await writeFile(file, '{"statement": "cut of');
  const places = { file, url: `http://127.0.0.1:${port}/`, allowPrivate: true };
  const checkpoints = new Checkpoints(
    database,
    { key: { file: keyFile }, places, everyMs: 50, alarmAfterMs: 0 },
    pino({ level: 'silent' }),
  );
  try {
    const checkpoint = { statement: 's', signature: 't' };
    const unsigned = { url: places.url, allowPrivate: true };
    await expect(anchor(checkpoint, unsigned)).rejects.toThrow('answered 500');
    await expect(anchor(checkpoint, { url: places.url })).rejects.toThrow('loopback or private address');
    await expect(anchor(checkpoint, { url: 'http://169.254.169.254/', allowPrivate: true })).rejects.toThrow(
      'link-local, metadata',
    );
    checkpoints.start();
    await eventually(() => expect(bodies.length).toBeGreaterThan(3));
    // Each failure asks for the alarm, and one is raised.
    await eventually(async () =>
      expect((await waitingRequests(database, 10)).filter(({ model: about }) => about === '')).toMatchObject([
        {
          type: 'audit.unanchored',
          facts: { message: expect.stringContaining('answered 500') as string },
        },
      ]),
    );
    status = 204;
    await model.stage();
    await eventually(async () =>
      expect(
        await verifyInstallation(database, { fingerprint, anchors: await readFile(file, 'utf8') }),
      ).toMatchObject({
        whole: true,
        unanchored: null,
        anchored: { sequence: 3 },
      }),
    );
  } finally {
    await checkpoints.stop();
    server.close();
  }
});

test('a command can sign', async () => {
  const script = join(folder, 'kms.mjs');
  await writeFile(
    script,
    `import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
     import { readFileSync } from 'node:fs';
     const key = createPrivateKey(readFileSync(${JSON.stringify(keyFile)}));
     if (process.argv[2] === 'public-key') console.log(createPublicKey(key).export({ type: 'spki', format: 'pem' }));
     else console.log(sign(null, readFileSync(0), key).toString('base64'));`,
  );
  const behind = await openSigner({ command: `${process.execPath} ${script}` });
  expect(behind.publicKey).toBe(signer.publicKey);
  expect(await behind.sign('text')).toBe(await signer.sign('text'));
  expect(
    (await failureOf(openSigner({ command: `${process.execPath} -e process.exit(3)` }))).message,
  ).toContain('ended with 3');
  expect((await failureOf(openSigner({ command: join(folder, 'no such') }))).message).toContain(
    'cannot be run',
  );
});

test('after a rotation old and new fingerprint are good, and the old key signs no more', async () => {
  const next = await rotateKeyFile(keyFile, async (old, nextPublicKey) => {
    await takeCheckpoint(database, old, { nextPublicKey });
    // As if the process had died and the command were run again.
    expect(await takeCheckpoint(database, old, { nextPublicKey })).toMatchObject({ isNew: false });
  });
  expect((await openSigner({ file: keyFile })).publicKey).toBe(next.publicKey);
  await model.stage();
  expect((await failureOf(takeCheckpoint(database, signer))).remedy).toContain('rotate-key');
  const newest = (await takeCheckpoint(database, next))!;
  const all = `${anchors}${anchorLine(newest)}`;
  for (const known of [fingerprint, fingerprintOf(next.publicKey)])
    expect(await verifyInstallation(database, { fingerprint: known, anchors: all })).toMatchObject({
      whole: true,
      unanchored: null,
    });
  const lost = await openSigner({ file: join(folder, 'lost.pem') }, { create: true });
  await takeCheckpoint(database, lost, { oldKeyIsLost: true });
  expect((await verifyInstallation(database, { fingerprint, anchors: all })).problems).toHaveLength(1);
  expect(
    (await verifyInstallation(database, { fingerprint: fingerprintOf(lost.publicKey) })).problems,
  ).toEqual([]);
});
