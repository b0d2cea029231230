// tidegate role: grants, ends and lists roles.
import { Argument, type Command } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { type Role, ROLE_MEANINGS, ROLES } from '../../domain/identity/roles.ts';
import { askApi } from '../shared/ask-api.ts';
import { type CommandContext, jsonOption } from '../shared/arguments.ts';
import { findApi } from '../shared/endpoints.ts';

interface GrantedRole {
  readonly id: number;
  readonly account: string | null;
  readonly kind: 'person' | 'service' | null;
  readonly owner: string | null;
  readonly group: string | null;
  readonly role: Role;
  readonly model: string | null;
  readonly disabled: boolean;
  readonly grantedBy: string | null;
  readonly grantedAt: string;
}

interface Options {
  readonly model?: string;
  readonly group?: boolean;
  readonly json?: boolean;
}

/** Adds `tidegate role grant`, `revoke` and `list`. */
export function addRole(program: Command, context: CommandContext): void {
  const role = program.command('role').description('grant, end and list roles (needs the role admin)');
  addGrant(role, context);
  addRevoke(role, context);
  addList(role, context);
}

const MEANINGS = `\nRoles:\n${ROLES.map((role) => `  ${role.padEnd(10)} ${ROLE_MEANINGS[role]}`).join('\n')}\n`;

const forHolder = (command: Command): Command =>
  command
    .argument('<holder>', 'name of the person or service account, or of the group')
    .addArgument(new Argument('<role>', 'the role').choices(ROLES))
    .option('--model <name>', 'the model for which the role holds (default: all)')
    .option('--group', 'the holder is a group that tokens name')
    .addOption(jsonOption());

function addGrant(role: Command, { config, output }: CommandContext): void {
  forHolder(role.command('grant'))
    .description('grant a role to a person, a service account or a group')
    .addHelpText('after', `${MEANINGS}\nExample:\n  tidegate role grant grace approver --model churn`)
    .action(async (holder: string, name: Role, { model, group, json }: Options) => {
      const body = {
        [group ? 'group' : 'account']: holder,
        role: name,
        ...(model !== undefined && { model }),
      };
      const answer = await askApi<{ readonly granted: boolean }>(
        await findApi(config()),
        'POST',
        ['roles'],
        body,
      );
      if (json) return output.json(answer);
      const where = model === undefined ? 'all models' : model;
      output.line(`${holder} ${answer.granted ? 'now has' : 'already had'} the role ${name} for ${where}`);
    });
}

function addRevoke(role: Command, { config, output }: CommandContext): void {
  forHolder(role.command('revoke'))
    .description('end a role; takes effect within two seconds')
    .addHelpText('after', '\nExample:\n  tidegate role revoke grace approver --model churn')
    .action(async (holder: string, name: Role, { model = undefined, group, json }: Options) => {
      const api = await findApi(config());
      const { roles } = await askApi<{ readonly roles: readonly GrantedRole[] }>(api, 'GET', ['roles']);
      const found = roles.find(
        (each) =>
          each.role === name &&
          (each.model ?? undefined) === model &&
          (group ? each.group === holder : each.account?.toLowerCase() === holder.toLowerCase()),
      );
      const where = model === undefined ? 'all models' : model;
      if (!found)
        throw new TidegateError('UNKNOWN_ROLE', `${holder} does not have the role ${name} for ${where}`);
      const answer = await askApi(api, 'DELETE', ['roles', String(found.id)]);
      if (json) return output.json(answer);
      output.line(`${holder} no longer has the role ${name} for ${where}`);
    });
}

function addList(role: Command, { config, output }: CommandContext): void {
  role
    .command('list')
    .description('list who has which role')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate role list')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const answer = await askApi<{ readonly roles: readonly GrantedRole[] }>(
        await findApi(config()),
        'GET',
        ['roles'],
      );
      if (json) return output.json(answer);
      output.table({
        head: ['holder', 'kind', 'owner', 'role', 'models', 'granted by', 'at'],
        rows: answer.roles.map((each) => [
          each.account ?? each.group,
          `${each.kind ?? 'group'}${each.disabled ? ', disabled' : ''}`,
          each.owner,
          each.role,
          each.model ?? 'all',
          each.grantedBy,
          each.grantedAt.slice(0, 10),
        ]),
      });
    });
}
