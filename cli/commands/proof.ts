// tidegate proof export: what shows, without this installation, who approved a version and on what evidence.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Command } from 'commander';
import { paths } from '../../paths.ts';
import { TidegateError } from '../../domain/errors.ts';
import { fingerprintOf, openSigner } from '../../store/audit/signing-key.ts';
import { assembleProof } from '../../store/assemble-proof.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { type CommandContext, jsonOption, parseNumber } from '../shared/arguments.ts';
import { withDatabase } from '../shared/connections.ts';

/** Adds `tidegate proof export <model> <version>`. */
export function addProof(program: Command, { config, output }: CommandContext): void {
  program
    .command('proof')
    .description('prove to others what was approved')
    .command('export')
    .description(
      'write a folder that shows who approved a version and on what evidence, and that verifies offline',
    )
    .argument('<model>', 'name of the model')
    .argument('<version>', 'the version', parseNumber)
    .requiredOption('--out <folder>', 'a folder that is empty or does not exist')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nSigned with the key of the audit log. Verify it with the checker inside and the fingerprint that you noted:' +
        '\n  node proof-churn-7/verify-proof.mjs proof-churn-7 --fingerprint 5e88…' +
        '\n\nExample:\n  tidegate proof export churn 7 --out proof-churn-7',
    )
    .action(async (model: string, version: number, { out, json }: { out: string; json?: boolean }) => {
      const { audit } = config();
      const signer = await openSigner({ file: audit.keyFile, command: audit.signCommand });
      const modelKey = await openModelKey(audit.signCommand === undefined ? audit.keyFile : undefined);
      await mkdir(out, { recursive: true });
      if ((await readdir(out)).length > 0)
        throw new TidegateError('INVALID_REQUEST', `the folder ${out} is not empty`, {
          remedy: 'Name a new folder with --out.',
        });
      const checker = await readFile(paths.proofChecker, 'utf8');
      const files = await withDatabase(config(), async (database) => {
        await getDefinition(database, model);
        return assembleProof(database, { model, version, signer, modelKey, checker });
      });
      for (const [name, bytes] of files) {
        await mkdir(dirname(join(out, name)), { recursive: true });
        await writeFile(join(out, name), bytes);
      }
      const fingerprint = fingerprintOf(signer.publicKey);
      if (json) output.json({ folder: out, fingerprint, files: [...files.keys()] });
      else output.line(`${files.size} files in ${out}, signed with the key ${fingerprint}`);
    });
}

/**
 * Opens the P-256 key next to the key of the audit log, and makes it if there is none. If the latter is behind a command,
 * each proof has a key of its own, for which the signed manifest vouches.
 */
async function openModelKey(auditKeyFile: string | undefined): Promise<KeyObject> {
  const made = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  if (auditKeyFile === undefined) return made;
  const file = `${auditKeyFile}.model`;
  try {
    await writeFile(file, made.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return createPrivateKey(await readFile(file, 'utf8'));
  }
}
