// tidegate floor: shows and sets the minimum that every promotion policy must demand.
import { type Command, InvalidArgumentError } from 'commander';
import { floorLines, type PolicyFloor } from '../../domain/decisions/policy-floor.ts';
import { minute } from '../output/format.ts';
import { type Output } from '../output/output.ts';
import { type CommandContext, jsonOption, parseReason } from '../shared/arguments.ts';
import { askApi } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';

interface Answer {
  readonly floor: PolicyFloor;
  readonly setBy: string | null;
  readonly setAt: string | null;
  readonly reason: string | null;
  readonly below: readonly { readonly model: string; readonly rules: readonly string[] }[];
}

/** What each rule of a floor may be; `none` takes the rule away. */
const VALUES: Readonly<Record<string, string>> = {
  approvals: 'a number from 1 to 10',
  'approvers.role': 'admin',
  'approvers.groups': 'names separated by commas',
  rejection: 'ends',
  commentRequired: 'true',
  selfApproval: 'refuse',
  unverifiedSignals: 'refuse',
  rollback: 'approval',
  watch: 'on',
};

const HELP = `
Rules and their values; "none" takes a rule away:
${Object.entries(VALUES)
  .map(([rule, value]) => `  ${rule.padEnd(18)} ${value}`)
  .join('\n')}

Rules that are not named stay as they are. A definition below the floor is refused when it is applied. Models that are
below it already follow the floor from their next version on.

Example:
  tidegate floor set approvals=2 selfApproval=refuse --reason "two people since the audit"`;

/** Adds `tidegate floor show` and `tidegate floor set`. */
export function addFloor(program: Command, { config, output }: CommandContext): void {
  const floor = program
    .command('floor')
    .description('show or set the minimum that the promotion policy of every model must demand');
  floor
    .command('show')
    .description('show the floor, who set it and why, and the models whose definition asks for less')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate floor show')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const answer = await askApi<Answer>(await findApi(config()), 'GET', ['floor']);
      if (json) output.json(answer);
      else print(output, answer);
    });
  floor
    .command('set')
    .description('change rules of the floor; only an admin may do that')
    .argument('<rule=value...>', 'rules to change', parseRule)
    .requiredOption('--reason <text>', 'why; recorded with the floor', parseReason)
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action(
      async (changes: Changes, { reason, json }: { readonly reason: string; readonly json?: boolean }) => {
        const api = await findApi(config());
        const before = await askApi<Answer>(api, 'GET', ['floor']);
        const answer = await askApi<Answer>(api, 'POST', ['floor'], {
          floor: changed(before.floor, changes),
          reason,
        });
        if (json) output.json(answer);
        else print(output, answer);
      },
    );
}

type Changes = ReadonlyMap<string, unknown>;

function parseRule(text: string, earlier: Changes = new Map()): Changes {
  const [rule = '', value = ''] = text.split(/=(.*)/s, 2);
  if (!Object.hasOwn(VALUES, rule) || value === '') {
    throw new InvalidArgumentError(
      `Write <rule>=<value>, with one of the rules ${Object.keys(VALUES).join(', ')}.`,
    );
  }
  return new Map([...earlier, [rule, value === 'none' ? undefined : valueOf(rule, value)]]);
}

function valueOf(rule: string, value: string): unknown {
  if (rule === 'approvers.groups') return value.split(',').map((group) => group.trim());
  if (rule === 'approvals' && /^([1-9]|10)$/.test(value)) return Number(value);
  if (rule !== 'approvals' && value === VALUES[rule]) return rule === 'commentRequired' ? true : value;
  throw new InvalidArgumentError(`${rule} must be ${VALUES[rule]}, or none.`);
}

/**
 * Returns a floor with some rules changed; a value that is undefined takes the rule away.
 *
 * @example changed({ approvals: 2 }, new Map([['approvals', undefined], ['rejection', 'ends']])) // { rejection: 'ends' }
 */
export function changed({ approvers = {}, ...rules }: PolicyFloor, changes: Changes): object {
  const all: Record<string, unknown> = {
    ...rules,
    'approvers.role': approvers.role,
    'approvers.groups': approvers.groups,
    ...Object.fromEntries(changes),
  };
  const { 'approvers.role': role, 'approvers.groups': groups, ...rest } = all;
  const named = { ...(role !== undefined && { role }), ...(groups !== undefined && { groups }) };
  const kept = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(kept), ...(Object.keys(named).length > 0 && { approvers: named }) };
}

function print(output: Output, { floor, setBy, setAt, reason, below }: Answer): void {
  if (setBy === null || setAt === null) {
    return output.line('no floor is set: each model may have any promotion policy');
  }
  const lines = floorLines(floor);
  output.line(`set by ${setBy} at ${minute(new Date(setAt))} UTC: ${reason}`);
  for (const line of lines) output.line(`  ${line}`);
  if (lines.length === 0) output.line('  no rule');
  for (const { model, rules } of below) {
    output.line(`${model} asks for less: ${rules.join(', ')}; its next version follows the floor`);
  }
}
