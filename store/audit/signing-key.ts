// The key that signs checkpoints: in a file outside of the database, or behind a command.
import { spawn } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { digestOfBytes } from '../../domain/canonical-json.ts';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';

/** Where the key is; at most one of the two. */
export interface SigningKeyPlace {
  /** A file with an Ed25519 key in PKCS #8 PEM, which only its owner may read. */
  readonly file?: string | undefined;
  /** A program with its arguments, separated by spaces. `public-key` or `sign` is added as the last argument. */
  readonly command?: string | undefined;
}

/** Signs statements with an Ed25519 key. */
export interface Signer {
  /** SPKI DER in base64. */
  readonly publicKey: string;
  /** @returns the signature in base64 */
  sign(statement: string): Promise<string>;
}

/** SHA-256 of a public key (SPKI DER in base64), in hexadecimal. Auditors note it and pass it to `audit verify`. */
export const fingerprintOf = (publicKey: string): string => digestOfBytes(Buffer.from(publicKey, 'base64'));

const spki = (key: KeyObject): string =>
  (key.type === 'public' ? key : createPublicKey(key))
    .export({ type: 'spki', format: 'der' })
    .toString('base64');

const signerOf = (key: KeyObject): Signer => ({
  publicKey: spki(key),
  sign: (statement) => Promise.resolve(sign(null, Buffer.from(statement), key).toString('base64')),
});

/**
 * Opens the signing key.
 *
 * @param options `create` makes the file if it does not exist
 * @throws TidegateError BAD_CONFIG if no place is set, others can read the file, or it is no Ed25519 key
 */
export async function openSigner(
  { file, command }: SigningKeyPlace,
  { create = false }: { create?: boolean } = {},
): Promise<Signer> {
  if (command !== undefined) return commandSigner(command);
  if (file === undefined)
    throw unusable('there is no key to sign checkpoints with', 'Set TIDEGATE_AUDIT_KEY_FILE to a path.');
  try {
    const { mode } = await stat(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw unusable(`${file} can be read by others than its owner`, `Run: chmod 600 ${file}`);
    return signerOf(ed25519(await readFile(file, 'utf8'), file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    if (!create) throw unusable(`the file ${file} does not exist`, 'Make the key with `tidegate audit key`.');
    try {
      return await makeKeyFile(file);
    } catch (made) {
      // Another process made it at the same moment.
      if ((made as NodeJS.ErrnoException).code === 'EEXIST') return openSigner({ file });
      throw made;
    }
  }
}

/**
 * Makes a new key in a file that does not exist yet.
 *
 * @throws an error with the code EEXIST if it exists
 */
async function makeKeyFile(file: string): Promise<Signer> {
  const { privateKey } = generateKeyPairSync('ed25519');
  await mkdir(dirname(file), { recursive: true });
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  return signerOf(privateKey);
}

/**
 * Replaces the key in a file by a new one. The new key is on disk before `endorse` is called, and takes the place of the old
 * one after it; if the process dies in between, calling this once more continues.
 *
 * @param endorse has the old key sign the new one
 */
export async function rotateKeyFile(
  file: string,
  endorse: (old: Signer, next: string) => Promise<void>,
): Promise<Signer> {
  const old = await openSigner({ file });
  const next = await openSigner({ file: `${file}.next` }, { create: true });
  await endorse(old, next.publicKey);
  await rename(`${file}.next`, file);
  return next;
}

function ed25519(pem: string, from: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw unusable(`${from} is not a private key in PEM`, 'Restore the file from its copy.', cause);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw unusable(`${from} has a key of type ${key.asymmetricKeyType}`, 'Use an Ed25519 key.');
  return key;
}

async function commandSigner(command: string): Promise<Signer> {
  const pem = await run(command, 'public-key', '');
  let publicKey: string;
  try {
    publicKey = spki(createPublicKey(pem));
  } catch (cause) {
    throw unusable(`"${command} public-key" printed no public key in PEM`, COMMAND_REMEDY, cause);
  }
  return { publicKey, sign: async (statement) => (await run(command, 'sign', statement)).trim() };
}

const COMMAND_REMEDY =
  'With `public-key` the command prints the public key in PEM; with `sign` it reads a statement and prints the Ed25519 signature in base64.';

const COMMAND_MS = 30_000;

/** Runs the command without a shell. @returns its output */
function run(command: string, task: string, input: string): Promise<string> {
  const [program = '', ...args] = command.split(/\s+/).filter(Boolean);
  return new Promise((resolve, reject) => {
    const fail = (how: string, cause?: unknown): void => {
      reject(unusable(`"${command} ${task}" ${how}`, COMMAND_REMEDY, cause));
    };
    const child = spawn(program, [...args, task], { stdio: ['pipe', 'pipe', 'pipe'], timeout: COMMAND_MS });
    let output = '';
    let problem = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (problem += text));
    child.on('error', (error) => fail(`cannot be run: ${error.message}`, error));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(output);
      else fail(`ended with ${code ?? signal}: ${excerpt(problem.trim())}`);
    });
    // A command that does not read its input closes the pipe.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

const unusable = (message: string, remedy: string, cause?: unknown): TidegateError =>
  new TidegateError('BAD_CONFIG', `checkpoints cannot be signed: ${message}`, { remedy, cause });
