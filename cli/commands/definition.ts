// tidegate definition: definitions that loosen their own promotion policy, and the approvers who accept or refuse them.
import { type Command } from 'commander';
import { describeLoosened, type LoosenedRule } from '../../domain/decisions/loosened-policy.ts';
import { TidegateError } from '../../domain/errors.ts';
import { minute } from '../output/format.ts';
import { type Output } from '../output/output.ts';
import {
  byOption,
  claimedBy,
  type CommandContext,
  jsonOption,
  parseComment,
  parseNumber,
} from '../shared/arguments.ts';
import { askApi } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';

interface Waiting {
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly loosens: readonly LoosenedRule[];
  readonly appliedBy: string;
  readonly appliedAt: string;
  readonly inForce: number;
}

interface Reviewed {
  readonly model: string;
  readonly version: number;
  readonly actor: string;
  readonly selfAccepted: boolean;
  readonly scheduled: boolean;
}

interface Options {
  readonly comment: string;
  readonly by?: string;
  readonly json?: boolean;
}

/** Adds `tidegate definition list`, `accept` and `refuse`. */
export function addDefinition(program: Command, context: CommandContext): void {
  const { config, output } = context;
  const definition = program
    .command('definition')
    .description('list, accept or refuse definitions that loosen their own promotion policy');
  definition
    .command('list')
    .description('list the definitions that wait for an approver')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate definition list')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { waiting } = await listWaiting(config());
      if (json) return output.json({ waiting });
      if (waiting.length === 0) return output.line('no definition waits');
      for (const each of waiting) printWaiting(output, each);
    });
  addReview(definition, context, 'accept');
  addReview(definition, context, 'refuse');
}

const DESCRIPTIONS = {
  accept: 'accept a definition that loosens its promotion policy; it is in force from then on',
  refuse: 'refuse a definition that loosens its promotion policy; the one before it stays in force',
};

const HELP = {
  accept:
    '\nTakes an approver by the policy in force who did not apply the definition. If that policy has ' +
    "\nselfApproval: 'record', the person who applied it may accept it too, and the record says so." +
    '\n\nExample:\n  tidegate definition accept churn 3 --comment "one approver is enough here"',
  refuse: '\nExample:\n  tidegate definition refuse churn 3 --comment "two people stay"',
};

function addReview(definition: Command, { config, output }: CommandContext, verb: 'accept' | 'refuse'): void {
  definition
    .command(verb)
    .description(DESCRIPTIONS[verb])
    .argument('<model>', 'name of the model')
    .argument('<version>', 'number of the definition', parseNumber)
    .option('--comment <text>', 'why', parseComment, '')
    .addOption(byOption('who decides'))
    .addOption(jsonOption())
    .addHelpText('after', HELP[verb])
    .action(async (model: string, version: number, { comment, by, json }: Options) => {
      const { waiting } = await listWaiting(config());
      const found = waiting.find((each) => each.model === model && each.version === version);
      if (!found) {
        throw new TidegateError(
          'NOTHING_PENDING',
          `definition ${version} of ${model} does not wait for an approver`,
          {
            remedy: '`tidegate definition list` shows the definitions that wait.',
          },
        );
      }
      if (!json) printWaiting(output, found);
      const answer = await askApi<Reviewed>(
        await findApi(config()),
        'POST',
        ['models', model, 'definitions', String(version), verb],
        { digest: found.digest, comment, ...claimedBy(by) },
      );
      if (json) return output.json(answer);
      printReviewed(output, verb, answer, found.inForce);
    });

  function printReviewed(
    out: Output,
    did: 'accept' | 'refuse',
    { model, version, actor, selfAccepted, scheduled }: Reviewed,
    inForce: number,
  ): void {
    if (did === 'refuse')
      return out.line(`refused by ${actor}; definition ${inForce} of ${model} stays in force`);
    const self = selfAccepted ? ', who applied it: recorded as self-approved' : '';
    out.line(`definition ${version} of ${model} is in force, accepted by ${actor}${self}`);
    if (!scheduled)
      out.line('Temporal did not answer: apply the file again, so that the schedules follow it');
  }
}

const listWaiting = async (config: Parameters<typeof findApi>[0]): Promise<{ waiting: Waiting[] }> =>
  askApi<{ waiting: Waiting[] }>(await findApi(config), 'GET', ['definitions', 'waiting']);

function printWaiting(
  output: Output,
  { model, version, loosens, appliedBy, appliedAt, inForce }: Waiting,
): void {
  output.line(
    `${model}: definition ${version}, applied by ${appliedBy} at ${minute(new Date(appliedAt))} UTC, loosens ` +
      `${describeLoosened(loosens)}; definition ${inForce} is in force meanwhile`,
  );
}
