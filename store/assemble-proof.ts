// Assembles the proof of a version: files that show, without this installation, what was approved by whom on what evidence.
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { canonicalJson, digestOf, digestOfBytes } from '../domain/canonical-json.ts';
import { cardInMarkdown } from '../domain/decisions/card/card-in-markdown.ts';
import { modelCard } from '../domain/decisions/card/model-card.ts';
import { TidegateError } from '../domain/errors.ts';
import { featuresOf } from '../domain/model/define-model.ts';
import { takeCheckpoint } from './audit/checkpoint.ts';
import { exportChain } from './audit/export-chain.ts';
import { fingerprintOf, type Signer } from './audit/signing-key.ts';
import { cardFacts } from './card-facts.ts';
import { type Database } from './postgres/database.ts';
import { findComparison } from './registry/comparisons.ts';
import { findEvidence } from './registry/evidence.ts';
import { readInstallation } from './registry/installation.ts';
import { readOnnxModel } from './registry/onnx-models.ts';
import { readArtifact } from './registry/versions.ts';

/** Which version, and the keys that sign. */
export interface ProofInput {
  readonly model: string;
  readonly version: number;
  /** The key that signs checkpoints of the audit log. */
  readonly signer: Signer;
  /** An ECDSA key on P-256, because the tools of OpenSSF verify no Ed25519. */
  readonly modelKey: KeyObject;
  /** Text of the checker, which is part of the proof. */
  readonly checker: string;
}

const IN_TOTO = 'application/vnd.in-toto+json';

const pae = (payload: string): string =>
  `DSSEv1 ${IN_TOTO.length} ${IN_TOTO} ${Buffer.byteLength(payload)} ${payload}`;

const envelopeOf = (payload: string, sig: string, keyid: string) => ({
  payloadType: IN_TOTO,
  payload: Buffer.from(payload).toString('base64'),
  signatures: [{ sig, keyid }],
});

/**
 * Assembles the files of a proof, by name.
 *
 * @throws TidegateError UNKNOWN_VERSION, EVIDENCE_CHANGED, BAD_CONFIG if the key is not the one of the checkpoints
 */
export async function assembleProof(
  database: Database,
  { model, version, signer, modelKey, checker }: ProofInput,
): Promise<Map<string, Buffer>> {
  const facts = await cardFacts(database, model, version);
  const card = modelCard(
    facts,
    featuresOf(facts.definition).map(({ name }) => name),
  );
  const comparison = await findComparison(database, model, version);
  const evidence = await findEvidence(database, model, version);
  const files = new Map<string, Buffer>();
  const add = (name: string, text: string | Uint8Array): void => void files.set(name, Buffer.from(text));
  const addJson = (name: string, value: unknown): void =>
    add(name, `${JSON.stringify(value ?? null, null, 2)}\n`);

  const artifact = await readArtifact(database, model, version);
  add('model/artifact.json', canonicalJson(JSON.parse(JSON.stringify(artifact))));
  if ('onnx' in artifact) add('model/model.onnx', await readOnnxModel(database, artifact.onnx));
  addJson('card.json', card);
  add('card.md', cardInMarkdown(card));
  addJson('comparison.json', comparison);
  addJson('leak-proof.json', comparison?.body.leakProof);
  addJson('evidence.json', evidence);

  const signed = async (statement: object): Promise<string> => {
    const payload = JSON.stringify(statement);
    const sig = await signer.sign(pae(payload));
    return JSON.stringify(envelopeOf(payload, sig, fingerprintOf(signer.publicKey)));
  };
  const modelDigest = signModel(files, model, modelKey);
  const subject = [{ name: `${model}/${version}`, digest: { sha256: modelDigest } }];
  const installation = await readInstallation(database);
  const madeAt = new Date().toISOString();
  const decisions = await readDecisions(database, model, version);
  addJson('decisions.json', decisions);
  addJson('policy.json', decisions.policy);

  add(
    'verdict.dsse.json',
    await signed({
      _type: 'https://in-toto.io/Statement/v1',
      subject,
      predicateType: 'https://slsa.dev/verification_summary/v1',
      predicate: {
        verifier: { id: `urn:tidegate:installation:${installation.id}` },
        timeVerified: (comparison?.decidedAt ?? new Date(madeAt)).toISOString(),
        resourceUri: `urn:tidegate:model:${model}:${version}`,
        policy: {
          uri: 'urn:tidegate:promotion-rules',
          digest: { sha256: digestOf(comparison?.decision ?? null) },
        },
        verificationResult: comparison?.decision?.promote === true ? 'PASSED' : 'FAILED',
        verifiedLevels: [],
      },
    }),
  );
  add(
    'decision.dsse.json',
    await signed({
      _type: 'https://in-toto.io/Statement/v1',
      subject,
      predicateType: 'urn:tidegate:decision:1',
      predicate: {
        attestedBy:
          'attested by the server that authenticated these people, and not signed by them; "unverified" was not authenticated',
        decisions: decisions.decisions,
      },
    }),
  );
  const events: string[] = [];
  const taken = await takeCheckpoint(database, signer);
  if (!taken) throw new TidegateError('NOT_READY', 'another process is signing a checkpoint');
  const { heads } = JSON.parse(taken.statement) as { heads: Record<string, [number, string]> };
  for await (const event of exportChain(database, model)) {
    if (event.position > (heads[model]?.[0] ?? 0)) break;
    events.push(JSON.stringify(event));
  }
  add('audit.jsonl', `${events.join('\n')}\n`);
  add('checkpoint.json', JSON.stringify({ statement: taken.statement, signature: taken.signature }));
  add('verify-proof.mjs', checker);
  add(
    'manifest.dsse.json',
    await signed({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [...files].map(([name, bytes]) => ({ name, digest: { sha256: digestOfBytes(bytes) } })),
      predicateType: 'urn:tidegate:proof:1',
      predicate: { model, version, madeAt, installation: installation.id, publicKey: signer.publicKey },
    }),
  );
  return files;
}

/** Adds an OpenSSF model-signing bundle over the files in `model/`. @returns the digest of the model */
function signModel(files: Map<string, Buffer>, model: string, key: KeyObject): string {
  const resources = [...files]
    .flatMap(([name, bytes]) => (name.startsWith('model/') ? [{ name: name.slice(6), bytes }] : []))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, bytes }) => ({ name, digest: digestOfBytes(bytes), algorithm: 'sha256' }));
  const all = createHash('sha256');
  for (const { digest } of resources) all.update(Buffer.from(digest, 'hex'));
  const sha256 = all.digest('hex');
  const payload = JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: model, digest: { sha256 } }],
    predicateType: 'https://model_signing/signature/v1.0',
    predicate: {
      serialization: { method: 'files', allow_symlinks: false, ignore_paths: [], hash_type: 'sha256' },
      resources,
    },
  });
  const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
  const sig = sign('sha256', Buffer.from(pae(payload)), key).toString('base64');
  const bundle = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: digestOfBytes(Buffer.from(pem)) }, tlogEntries: [] },
    dsseEnvelope: envelopeOf(payload, sig, ''),
  };
  files.set('model.sig', Buffer.from(JSON.stringify(bundle)));
  files.set('model-key.pem', Buffer.from(pem));
  return sha256;
}

async function readDecisions({ pool }: Database, model: string, version: number) {
  const { rows: decisions } = await pool.query<Record<string, unknown>>(
    `select d.id, d.decision, d.actor, d.authority, d.channel, d.comment, d.accepted, d.refusal, d.settles,
       d.evidence_digest as "evidenceDigest", d.self_approved as "selfApproved", d.at,
       to_jsonb(g) - 'answerable_id' as grant
     from tidegate.decision d left join tidegate.action_grant g on g.id = d.grant_id
     where d.model = $1 and d.version = $2 order by d.id`,
    [model, version],
  );
  const { rows: stored } = await pool.query<{ policy: unknown }>(
    'select policy from tidegate.evidence where model = $1 and version = $2',
    [model, version],
  );
  return { decisions, policy: stored[0]?.policy ?? null };
}
