// tidegate grant: prints the JSON with which a person decides or rolls back from the Temporal UI.
import { type Command, Option } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { type CommandContext, jsonOption, parseComment, parseNumber } from '../shared/arguments.ts';
import { askApi } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';
import { minute } from '../output/format.ts';

interface Options {
  readonly approve?: true;
  readonly reject?: true;
  readonly rollback?: true;
  readonly comment: string;
  readonly json?: boolean;
}

interface Issued {
  readonly grantId: string;
  readonly person: string;
  readonly expiresAt: string;
  readonly workflowId: string;
  readonly send: { readonly signal: string } | { readonly start: string; readonly taskQueue: string };
  readonly message: object;
}

/** Adds `tidegate grant <model> <version>`. */
export function addGrant(program: Command, { config, output }: CommandContext): void {
  program
    .command('grant')
    .description('print the JSON with which you decide, or roll back, in the Temporal UI')
    .argument('<model>', 'name of the model')
    .argument('<version>', 'the version that waits, or the version to go back to', parseNumber)
    .addOption(new Option('--approve', 'for the signal approve').conflicts(['reject', 'rollback']))
    .addOption(new Option('--reject', 'for the signal reject').conflicts('rollback'))
    .option('--rollback', 'for a run of rollbackWorkflow; needs --comment')
    .option('--comment <text>', 'why; recorded with the decision', parseComment, '')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nThe JSON contains a grant: it says who you are, can be used once within ten minutes, and only for this decision.' +
        '\nWhoever has the JSON can send the decision in your name, so paste it only where you decide.' +
        '\n\nExample:\n  tidegate grant churn 2 --approve --comment "the report is convincing"',
    )
    .action(async (model: string, version: number, { comment, json, ...wanted }: Options) => {
      const action = (['approve', 'reject', 'rollback'] as const).find((name) => wanted[name]);
      if (!action) {
        throw new TidegateError('INVALID_REQUEST', 'say what the grant is for', {
          remedy: 'Add --approve, --reject or --rollback.',
        });
      }
      const issued = await askApi<Issued>(await findApi(config()), 'POST', ['models', model, 'grants'], {
        action,
        version,
        comment,
      });
      if (json) return output.json(issued);
      const { workflowId, send, message, person, expiresAt } = issued;
      output.progress(
        'signal' in send
          ? `In the Temporal UI, send the signal ${send.signal} to ${workflowId} with this input:`
          : `In the Temporal UI, start a workflow of the type ${send.start} with the id ${workflowId} on the task queue ${send.taskQueue}, with this input:`,
      );
      output.line(JSON.stringify(message, null, 2));
      output.progress(
        `It counts as the decision of ${person}, once, until ${minute(new Date(expiresAt))} UTC.`,
      );
    });
}
