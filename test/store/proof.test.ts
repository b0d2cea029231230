// The proof of a version verifies offline, and every change of its files is found.
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { paths } from '../../paths.ts';
import { assembleProof } from '../../store/assemble-proof.ts';
import { fingerprintOf, openSigner, type Signer } from '../../store/audit/signing-key.ts';
import { candidateModel, recordHolder } from '../helpers/candidates.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

const { verifyProof } = (await import(paths.proofChecker)) as {
  verifyProof: (
    files: ReadonlyMap<string, Buffer>,
    fingerprint: string,
  ) => { problems: string[]; said: string[] };
};

let database: MigratedDatabase;
let folder: string;
let signer: Signer;
let files: Map<string, Buffer>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-proof-'));
  database = await migratedDatabase();
  await recordHolder(database, 'ada');
  const model = await candidateModel(database, 'churn');
  await model.produce();
  signer = await openSigner({ file: join(folder, 'key.pem') }, { create: true });
  const { privateKey: modelKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const checker = await readFile(paths.proofChecker, 'utf8');
  files = await assembleProof(database, { model: 'churn', version: 1, signer, modelKey, checker });
  // For a look by other tools.
  const kept = process.env['TIDEGATE_KEEP_PROOF'];
  for (const [name, bytes] of kept === undefined ? [] : files) {
    await mkdir(dirname(join(kept!, name)), { recursive: true });
    await writeFile(join(kept!, name), bytes);
  }
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const fingerprint = () => fingerprintOf(signer.publicKey);

test('an unchanged proof verifies, and says who approved', () => {
  const { problems, said } = verifyProof(files, fingerprint());
  expect(problems).toEqual([]);
  expect(said.join('\n')).toMatch(/approve by ada/);
  expect(said.join('\n')).toContain('attested by the server');
});

test('a proof that another key signed is refused', () => {
  expect(verifyProof(files, '0'.repeat(64)).problems).toContainEqual(
    expect.stringContaining('not by the one'),
  );
});

test('the checker is short enough to be read', () => {
  expect(files.get('verify-proof.mjs')!.toString().trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});

/** A fixed sequence of pseudo-random integers below `n`. */
let state = 42;
const draw = (n: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};

test('every changed byte, and every added, missing or exchanged file is found', () => {
  const names = [...files.keys()];
  const runs = Number(process.env['TIDEGATE_PROOF_RUNS'] ?? 400);
  for (let run = 0; run < runs; run += 1) {
    const changed = new Map(files);
    const name = names[draw(names.length)]!;
    const bytes = Buffer.from(files.get(name)!);
    const kind = run % 8;
    if (kind === 5) changed.delete(name);
    else if (kind === 6) changed.set(`added-${run}`, bytes);
    else if (kind === 7) {
      const other = names[(names.indexOf(name) + 1 + draw(names.length - 1)) % names.length]!;
      changed.set(name, files.get(other)!);
      changed.set(other, bytes);
      if (bytes.equals(files.get(other)!)) continue;
    } else {
      bytes[draw(bytes.length)]! ^= 1 << draw(8);
      changed.set(name, bytes);
    }
    expect(verifyProof(changed, fingerprint()).problems, `run ${run}: ${kind} of ${name}`).not.toEqual([]);
  }
});
