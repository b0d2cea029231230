// tidegate key: makes, lists and revokes API keys.
import { type Command, InvalidArgumentError } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { isRole, type Role, ROLE_MEANINGS, ROLES } from '../../domain/identity/roles.ts';
import { createFirstAdmin } from '../../store/identity/first-admin.ts';
import { DEFAULT_KEY_DAYS, MAX_KEY_DAYS } from '../../store/identity/keys.ts';
import { type Config } from '../shared/config.ts';
import { askApi } from '../shared/ask-api.ts';
import { type CommandContext, jsonOption, parseName } from '../shared/arguments.ts';
import { withDatabase } from '../shared/connections.ts';
import { findApi } from '../shared/endpoints.ts';

/** Adds `tidegate key create`, `list` and `revoke`. */
export function addKey(program: Command, context: CommandContext): void {
  const key = program.command('key').description('make, list and revoke API keys (needs the role admin)');
  addCreate(key, context);
  addList(key, context);
  addRevoke(key, context);
}

interface CreateOptions {
  readonly role: readonly Role[];
  readonly model?: readonly string[];
  readonly days: number;
  readonly note?: string;
  readonly newPerson?: boolean;
  readonly serviceOf?: string;
  readonly firstAdmin?: boolean;
  readonly json?: boolean;
}

interface MadeKey {
  readonly id: string;
  readonly key: string;
  readonly account: string;
  readonly expiresAt: string;
}

function addCreate(key: Command, { config, output }: CommandContext): void {
  key
    .command('create')
    .description('make a key for a person or a service account; it is shown once')
    .argument('<account>', 'name of the person or service account', parseName)
    .option('--role <role>', `what the key allows, repeatable: ${ROLES.join(', ')}`, parseRoles, [])
    .option('--model <name>', 'a model for which the key is valid, repeatable (default: all)', collect)
    .option('--days <number>', 'for how many days it is valid', parseDays, DEFAULT_KEY_DAYS)
    .option('--note <text>', 'what the key is for')
    .option('--new-person', 'create the person, with the roles of the key')
    .option(
      '--service-of <person>',
      'create a service account that this person owns, with the roles of the key',
    )
    .option(
      '--first-admin',
      'on the server, with DATABASE_URL: make the key of the first admin; refused if there is an admin',
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nRoles:\n${ROLES.map((role) => `  ${role.padEnd(10)} ${ROLE_MEANINGS[role]}`).join('\n')}\n` +
        '\nExamples:\n  tidegate key create grace --role approver --new-person\n' +
        '  tidegate key create "web shop" --role predictor --model churn --service-of grace',
    )
    .action(async (account: string, options: CreateOptions) => {
      const made = options.firstAdmin
        ? await firstAdmin(config(), account)
        : await create(config(), account, options);
      if (options.json) return output.json(made);
      output.line(made.key);
      output.progress(`key tgk_${made.id} of ${made.account}, valid until ${made.expiresAt}`);
      output.progress('It is shown only now. Commands read it from TIDEGATE_API_KEY.');
    });
}

/** The one way to a key that goes to the database itself, because nobody could authorize a request yet. */
const firstAdmin = (config: Config, account: string): Promise<MadeKey> =>
  withDatabase(config, async (database) => {
    const { id, secret, expiresAt } = await createFirstAdmin(database, account, 'first admin');
    return { id, key: secret, account, expiresAt: expiresAt.toISOString() };
  });

async function create(
  config: Config,
  account: string,
  { role: roles, model: models, days, note, newPerson, serviceOf: owner }: CreateOptions,
): Promise<MadeKey> {
  if (roles.length === 0)
    throw new TidegateError('INVALID_REQUEST', 'name at least one role with --role', {
      remedy: `Roles are ${ROLES.join(', ')}; \`tidegate key create --help\` says what each may do.`,
    });
  const create = owner === undefined ? newPerson && 'person' : 'service';
  return askApi<MadeKey>(await findApi(config), 'POST', ['keys'], {
    account,
    roles,
    days,
    ...(models && { models }),
    ...(note !== undefined && { note }),
    ...(create && { create }),
    ...(owner !== undefined && { owner }),
  });
}

interface ListedKey {
  readonly id: string;
  readonly account: string;
  readonly roles: readonly Role[];
  readonly models: readonly string[] | null;
  readonly note: string;
  readonly expiresAt: string;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

function addList(key: Command, { config, output }: CommandContext): void {
  key
    .command('list')
    .description('list the keys that are valid, without their secrets')
    .option('--all', 'also those that were revoked or have expired')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate key list --all')
    .action(async ({ all, json }: { readonly all?: boolean; readonly json?: boolean }) => {
      const answer = await askApi<{ readonly keys: readonly ListedKey[] }>(await findApi(config()), 'GET', [
        'keys',
      ]);
      const now = new Date().toISOString();
      const state = ({ revokedAt, expiresAt }: ListedKey): string =>
        revokedAt !== null ? 'revoked' : expiresAt <= now ? 'expired' : 'valid';
      const keys = answer.keys.filter((each) => all || state(each) === 'valid');
      if (json) return output.json({ keys });
      output.table({
        head: ['key', 'account', 'roles', 'models', 'state', 'expires', 'last used', 'note'],
        rows: keys.map((each) => [
          `tgk_${each.id}`,
          each.account,
          each.roles.join(', '),
          each.models?.join(', ') ?? 'all',
          state(each),
          each.expiresAt.slice(0, 10),
          each.lastUsedAt?.slice(0, 16).replace('T', ' '),
          each.note,
        ]),
      });
    });
}

function addRevoke(key: Command, { config, output }: CommandContext): void {
  key
    .command('revoke')
    .description('revoke a key; every process refuses it within two seconds')
    .argument('<id>', 'its public id, such as tgk_ab12cd34ef56', parseKeyId)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate key revoke tgk_ab12cd34ef56')
    .action(async (id: string, { json }: { readonly json?: boolean }) => {
      const answer = await askApi(await findApi(config()), 'DELETE', ['keys', id]);
      if (json) return output.json(answer);
      output.line(`revoked tgk_${id}`);
    });
}

function parseRoles(text: string, earlier: readonly Role[]): Role[] {
  if (!isRole(text)) throw new InvalidArgumentError(`Write one of ${ROLES.join(', ')}.`);
  return [...earlier.filter((role) => role !== text), text];
}

const collect = (text: string, earlier: readonly string[] = []): string[] => [...earlier, text];

function parseDays(text: string): number {
  const days = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > MAX_KEY_DAYS)
    throw new InvalidArgumentError(`Write a number of days from 1 to ${MAX_KEY_DAYS}.`);
  return days;
}

function parseKeyId(text: string): string {
  // A whole key is accepted too, because that is what people have at hand when a key has leaked.
  const id = /^(?:tgk_)?([a-z0-9]{12})(?:_[A-Za-z0-9_-]{43})?$/.exec(text)?.[1];
  if (id === undefined) throw new InvalidArgumentError('Write the id of a key, such as tgk_ab12cd34ef56.');
  return id;
}
