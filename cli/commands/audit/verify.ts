// tidegate audit verify: whether the audit log is what was signed and anchored.
import { readFile } from 'node:fs/promises';
import { type Command } from 'commander';
import { type CommandContext, jsonOption } from '../../shared/arguments.ts';
import { withDatabase } from '../../shared/connections.ts';
import { EXIT_FAILED } from '../../output/explain-error.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { TidegateError } from '../../../domain/errors.ts';
import { type VerifiedInstallation, verifyInstallation } from '../../../store/audit/verify-installation.ts';
import { type Config } from '../../shared/config.ts';

interface Options {
  readonly head?: string;
  readonly fingerprint?: string;
  readonly anchor?: string;
  readonly json?: boolean;
}

const FINGERPRINT = /^[0-9a-f]{64}$/;

/** Adds `tidegate audit verify [model]`. */
export function addAuditVerify(audit: Command, { config, output }: CommandContext): void {
  const verify = audit.command('verify');
  verify
    .description('check that the record of who did what is whole, and is what was signed and anchored')
    .argument('[model]', 'name of the model (default: everything)')
    .option(
      '--fingerprint <hex>',
      'fingerprint of the signing key, as you noted it from `tidegate audit key`',
    )
    .option('--anchor <file>', 'file with anchored checkpoints (default: TIDEGATE_AUDIT_ANCHOR_FILE)')
    .option('--head <hash>', 'a hash that you noted earlier, which the log must still contain')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nA chain of hashes shows what was changed or removed in it, but not that its end was cut off or that all of it was' +
        '\nwritten again. For that, name the key that signs checkpoints and a copy of them outside of the database.' +
        '\nWithout both, or if the newest copy is too old, the log counts as unanchored.' +
        '\nExits with 1 if anything is wrong or the log is unanchored.\n\nExamples:\n  tidegate audit verify' +
        '\n  tidegate audit verify --fingerprint 5e88… --anchor /mnt/worm/anchors.jsonl',
    )
    .action(async (model: string | undefined, { head, fingerprint, anchor, json }: Options) => {
      if (fingerprint !== undefined && !FINGERPRINT.test(fingerprint))
        verify.error('error: --fingerprint has 64 digits, 0-9 and a-f');
      const settings = config();
      const anchors = await readAnchorFile(settings, anchor);
      const found = await withDatabase(settings, async (database) => {
        if (model !== undefined) await getDefinition(database, model);
        return verifyInstallation(database, { model, head, fingerprint, anchors });
      });
      if (json) output.json(found);
      else lines(found).forEach((line) => output.line(line));
      if (!found.whole || found.unanchored !== null) process.exitCode = EXIT_FAILED;
    });
}

/** An anchor file that the settings name need not exist yet. */
async function readAnchorFile({ audit }: Config, named: string | undefined): Promise<string | undefined> {
  const file = named ?? audit.anchorFile;
  if (file === undefined) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (named === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new TidegateError('INVALID_REQUEST', `${file} cannot be read: ${(cause as Error).message}`, {
      cause,
      remedy: 'Name a file with anchored checkpoints.',
    });
  }
}

function lines({
  events,
  moves,
  checkpoints,
  chains,
  problems,
  whole,
  unanchored,
  anchored,
}: VerifiedInstallation): string[] {
  const name = (chain: string): string => (chain === '' ? '(installation)' : chain);
  return [
    ...problems.map(({ chain, problem }) => `${chain === null ? '' : `${name(chain)}: `}${problem}`),
    ...chains.map(
      ({ chain, position, hash }) => `${name(chain)}: ${position} events; the newest has the hash ${hash}`,
    ),
    `${events} events, ${moves} stage moves and ${checkpoints} checkpoints: ` +
      (whole ? 'whole' : `${problems.length} problems`),
    unanchored === null
      ? `anchored: checkpoint ${anchored!.sequence} of ${anchored!.at}`
      : `unanchored: ${unanchored}`,
  ];
}
