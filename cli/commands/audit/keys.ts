// tidegate audit key, checkpoint and rotate-key: the key that signs checkpoints, and a checkpoint by hand.
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Command } from 'commander';
import { type CommandContext, jsonOption } from '../../shared/arguments.ts';
import { anchorPlaces, type Config } from '../../shared/config.ts';
import { withDatabase } from '../../shared/connections.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { anchor, anchorLine } from '../../../store/audit/anchor.ts';
import { type TakenCheckpoint, takeCheckpoint } from '../../../store/audit/checkpoint.ts';
import {
  fingerprintOf,
  openSigner,
  rotateKeyFile,
  type Signer,
  type SigningKeyPlace,
} from '../../../store/audit/signing-key.ts';
import { type Database } from '../../../store/postgres/database.ts';

/** Adds the commands about the signing key. */
export function addAuditKeys(audit: Command, { config, output }: CommandContext): void {
  audit
    .command('key')
    .description(
      'print the fingerprint of the key that signs checkpoints; makes the key file if there is none',
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nNote the fingerprint outside of this installation: `tidegate audit verify` needs it.\n\nExample:\n  tidegate audit key',
    )
    .action(async ({ json }: { json?: boolean }) => {
      const { publicKey } = await openSigner(placeOf(config()), { create: true });
      const fingerprint = fingerprintOf(publicKey);
      if (json) output.json({ fingerprint, publicKey });
      else output.line(fingerprint);
    });
  audit
    .command('checkpoint')
    .description('sign where the log ends now, anchor it as the settings say, and print it as one line')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nFor a scheduled run that keeps its output, such as a job in CI or a cron job on another machine. Prints the newest' +
        '\ncheckpoint if nothing has changed since.\n\nExample:\n  tidegate audit checkpoint >> anchors.jsonl',
    )
    .action(async () => {
      const settings = config();
      const taken = await withDatabase(settings, async (database) =>
        taking(database, await openSigner(placeOf(settings))),
      );
      await anchor(taken, anchorPlaces(settings));
      output.line(anchorLine(taken));
    });
  audit
    .command('rotate-key')
    .description('replace the key that signs checkpoints; the old key signs the new one')
    .option(
      '--lost',
      'the old key is lost: begin with a new key file, which only its own fingerprint vouches for',
    )
    .option(
      '--next-public-key <file>',
      'with TIDEGATE_AUDIT_SIGN_COMMAND: PEM of the key that will sign from now on',
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nThe fingerprint that auditors noted earlier stays good. Note the new one too.\n\nExample:\n  tidegate audit rotate-key',
    )
    .action(
      async ({ nextPublicKey, lost, json }: { nextPublicKey?: string; lost?: boolean; json?: boolean }) => {
        const settings = config();
        const { keyFile, signCommand } = settings.audit;
        const publicKey = await withDatabase(settings, async (database) => {
          const endorse = async (old: Signer, next: string): Promise<void> => {
            const taken = await taking(database, old, { nextPublicKey: next });
            await anchor(taken, anchorPlaces(settings));
          };
          if (lost && keyFile !== undefined && signCommand === undefined) {
            const signer = await openSigner({ file: keyFile }, { create: true });
            await taking(database, signer, { oldKeyIsLost: true });
            return signer.publicKey;
          }
          if (signCommand === undefined && keyFile !== undefined)
            return (await rotateKeyFile(keyFile, endorse)).publicKey;
          if (nextPublicKey === undefined)
            throw new TidegateError(
              'INVALID_REQUEST',
              'the key is behind a command, so the new one must be named',
              {
                remedy:
                  'Make the new key where the old one is, and name its public key with --next-public-key.',
              },
            );
          const next = createPublicKey(await readFile(nextPublicKey, 'utf8'));
          const der = next.export({ type: 'spki', format: 'der' }).toString('base64');
          await endorse(await openSigner(placeOf(settings)), der);
          return der;
        });
        const fingerprint = fingerprintOf(publicKey);
        if (json) output.json({ fingerprint, publicKey });
        else output.line(fingerprint);
      },
    );
}

const placeOf = ({ audit }: Config): SigningKeyPlace => ({
  file: audit.keyFile,
  command: audit.signCommand,
});

/** Takes a checkpoint, waiting for a process that is about to take one. */
async function taking(
  database: Database,
  signer: Signer,
  options: Parameters<typeof takeCheckpoint>[2] = {},
): Promise<TakenCheckpoint> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const taken = await takeCheckpoint(database, signer, options);
    if (taken) return taken;
    if (Date.now() > deadline)
      throw new TidegateError('NOT_READY', 'another process has been signing a checkpoint for a minute', {
        remedy: 'Look for a hanging TIDEGATE_AUDIT_SIGN_COMMAND, then try again.',
      });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
