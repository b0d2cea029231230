// Verifies a proof folder of `tidegate proof export` offline, with nothing but Node: node verify-proof.mjs <folder> --fingerprint <hex>
import { Buffer } from 'node:buffer';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Reads every file below a folder, by its name with slashes; anything but a plain file is a fault. */
function readFolder(folder, below = '') {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return readFolder(folder, name);
    return [[name, entry.isFile() ? readFileSync(join(folder, name)) : Buffer.from('not a plain file')]];
  });
}

/** Opens a DSSE envelope: its payload if the key signed it, otherwise an error. The text must be exactly what was written. */
function open(envelope, key, name, check) {
  const { payloadType, payload, signatures } = envelope;
  const body = Buffer.from(payload, 'base64');
  const pae = Buffer.concat([
    Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${body.length} `),
    body,
  ]);
  const signature = Buffer.from(signatures[0].sig, 'base64');
  check(
    verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', pae, key, signature),
    `${name}: the signature is wrong`,
  );
  return JSON.parse(body.toString());
}

export function verifyProof(files, fingerprint) {
  const problems = [];
  const said = [];
  const check = (isTrue, problem) => void (isTrue || problems.push(problem));
  const text = (name) => files.get(name)?.toString() ?? '';
  try {
    const manifestText = text('manifest.dsse.json');
    const manifest = JSON.parse(manifestText);
    const { payload, signatures } = manifest;
    for (const part of [payload, signatures[0].sig])
      check(Buffer.from(part, 'base64').toString('base64') === part, 'manifest.dsse.json is not canonical');
    const form = {
      payloadType: 'application/vnd.in-toto+json',
      payload,
      signatures: [{ sig: signatures[0].sig, keyid: fingerprint }],
    };
    check(JSON.stringify(form) === manifestText, 'manifest.dsse.json has another form, or names another key');
    const unsafe = JSON.parse(Buffer.from(manifest.payload, 'base64').toString());
    const der = Buffer.from(unsafe.predicate.publicKey, 'base64');
    check(
      sha256(der) === fingerprint,
      `the proof is signed by the key ${sha256(der)}, and not by the one that you trust`,
    );
    const server = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const { subject, predicate } = open(manifest, server, 'manifest.dsse.json', check);

    // Every file is listed with its digest, and every listed file is there.
    const listed = new Map(subject.map(({ name, digest }) => [name, digest.sha256]));
    for (const [name, bytes] of files)
      if (name !== 'manifest.dsse.json')
        check(listed.get(name) === sha256(bytes), `${name} was changed or added`);
    for (const name of listed.keys()) check(files.has(name), `${name} is missing`);
    if (problems.length > 0) return { problems, said };

    // The model, signed so that the tools of OpenSSF can verify it too.
    const bundle = JSON.parse(text('model.sig'));
    const statement = open(bundle.dsseEnvelope, createPublicKey(text('model-key.pem')), 'model.sig', check);
    const resources = statement.predicate.resources;
    const raw = Buffer.concat(resources.map(({ digest }) => Buffer.from(digest, 'hex')));
    check(statement.subject[0].digest.sha256 === sha256(raw), 'model.sig: its subject is not its files');
    const parts = [...files.keys()].filter((name) => name.startsWith('model/')).sort();
    check(
      JSON.stringify(parts) === JSON.stringify(resources.map(({ name }) => `model/${name}`)),
      'model.sig: other files',
    );
    for (const { name, digest } of resources)
      check(sha256(files.get(`model/${name}`)) === digest, `model.sig: ${name}`);

    // The verdict of the rules and the decisions of people are about this model.
    const model = statement.subject[0].digest.sha256;
    const verdict = open(JSON.parse(text('verdict.dsse.json')), server, 'verdict.dsse.json', check);
    const decision = open(JSON.parse(text('decision.dsse.json')), server, 'decision.dsse.json', check);
    for (const each of [verdict, decision])
      check(each.subject[0].digest.sha256 === model, 'a statement is about another model');

    // The events of the model form one chain up to the signed checkpoint, and the decisions are among them.
    const events = text('audit.jsonl')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    let previous = '';
    for (const [index, e] of events.entries()) {
      const head = [e.previousHash, e.chain, e.position, e.kind, e.subject, e.actor, e.micros].map((part) =>
        JSON.stringify(part),
      );
      const isLink = e.previousHash === previous && e.position === index + 1 && e.chain === predicate.model;
      check(
        isLink && e.hash === sha256(`[${head.join(', ')}]${e.body}`),
        `event ${e.position} of the audit log is wrong`,
      );
      previous = e.hash;
    }
    const checkpoint = JSON.parse(text('checkpoint.json'));
    const at = JSON.parse(checkpoint.statement);
    check(at.publicKey === predicate.publicKey, 'the checkpoint is signed by another key');
    check(
      verify(null, Buffer.from(checkpoint.statement), server, Buffer.from(checkpoint.signature, 'base64')),
      'the checkpoint: the signature is wrong',
    );
    const [position, hash] = at.heads[predicate.model];
    check(
      events[position - 1]?.hash === hash && events.length === position,
      'the audit log does not end at the checkpoint',
    );
    for (const { id, actor, accepted } of decision.predicate.decisions) {
      const event = events.find((e) => e.kind === 'decision sent' && e.subject === String(id));
      const body = event && JSON.parse(event.body);
      check(body?.actor === actor && body?.accepted === accepted, `decision ${id} is not in the audit log`);
    }
    said.push(`${predicate.model} version ${predicate.version}, made at ${predicate.madeAt}`);
    said.push(`rules: ${verdict.predicate.verificationResult}`);
    for (const { decision: what, actor, authority, at: when, selfApproved, accepted, grant } of decision
      .predicate.decisions)
      said.push(
        `${what} by ${actor} (${authority}) at ${when}${selfApproved ? ', self-approved' : ''}${grant?.action === 'break-glass' ? ', break-glass' : ''}${accepted ? '' : ', not accepted'}`,
      );
    said.push(decision.predicate.attestedBy);
  } catch (error) {
    problems.push(`the proof cannot be read: ${error.message}`);
  }
  return { problems, said };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, option, fingerprint] = process.argv.slice(2);
  if (option !== '--fingerprint' || !fingerprint) {
    console.error('usage: node verify-proof.mjs <folder> --fingerprint <hex>');
    process.exit(2);
  }
  const { problems, said } = verifyProof(new Map(readFolder(folder)), fingerprint);
  for (const line of problems.length > 0 ? problems : said) console.log(line);
  console.log(problems.length > 0 ? 'NOT VERIFIED' : 'verified');
  process.exit(problems.length > 0 ? 1 : 0);
}
