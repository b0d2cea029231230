// tidegate break-glass: in an emergency, an admin alone puts a version into Production.
import { type Command } from 'commander';
import { type ReleaseResult, type RollbackResult } from '../../workflows/protocol/messages.ts';
import { EXIT_FAILED } from '../output/explain-error.ts';
import { type CommandContext, jsonOption, parseNumber, parseReason } from '../shared/arguments.ts';
import { askApi, follow } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';

interface Options {
  readonly reason: string;
  readonly json?: boolean;
}

interface Answer {
  readonly model: string;
  readonly version: number;
  readonly did: 'approved' | 'rolled back';
  readonly actor: string;
  readonly workflowId: string | null;
}

/** Longer than the API waits for its turn and for a worker. */
const ANSWERED_WITHIN_MS = 60_000;

const HELP = `
Approves a version that waits for a decision, or puts one back that was in Production before, whatever people the policy
asks for. Only an admin may do it, and not for a version that they requested. The history, the card and the proof say that
it was an emergency, and a notification is sent.

Example:
  tidegate break-glass churn 6 --reason "predictions are wrong, and no approver answers"`;

/** Adds `tidegate break-glass <model> <version>`. */
export function addBreakGlass(program: Command, { config, output }: CommandContext): void {
  program
    .command('break-glass')
    .description('in an emergency, put a version into Production with the approval of one admin')
    .argument('<model>', 'name of the model')
    .argument('<version>', 'the version', parseNumber)
    .requiredOption('--reason <text>', 'why; everybody who reads the history sees it', parseReason)
    .addOption(jsonOption())
    .addHelpText('after', HELP)
    .action(async (model: string, version: number, { reason, json }: Options) => {
      const api = await findApi(config());
      const path = ['models', model, 'versions', String(version), 'break-glass'];
      const answer = await askApi<Answer>(api, 'POST', path, { reason }, ANSWERED_WITHIN_MS);
      const { did, actor, workflowId } = answer;
      if (!json) output.progress(`${did} by ${actor} by break-glass`);
      const say = (text: string): void => output.progress(text);
      let outcome = 'rolled back';
      let summary = `version ${version} of ${model} is in Production again`;
      if (did === 'approved') {
        const query = { run: 'release', version: String(version) };
        ({ outcome, summary } = await follow<ReleaseResult>(api, model, query, { say }));
      } else if (workflowId !== null) {
        ({ summary } = await follow<RollbackResult>(api, model, { run: 'rollback' }, { say }));
      }
      if (json) output.json({ ...answer, outcome, summary });
      else output.line(summary);
      if (outcome !== 'promoted' && outcome !== 'rolled back') process.exitCode = EXIT_FAILED;
    });
}
