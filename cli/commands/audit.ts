// tidegate audit: verifies the recorded history of models.
import { type Command } from 'commander';
import { type CommandContext, jsonOption } from '../shared/arguments.ts';
import { TidegateError } from '../../domain/errors.ts';
import { getDefinition, listModels } from '../../store/definitions/definitions.ts';
import { checkChain, historyChanged } from '../../store/registry/verify-chain.ts';
import { withDatabase } from '../shared/connections.ts';
import { minute } from '../output/format.ts';
import { EXIT_FAILED } from '../output/explain-error.ts';

/** Adds `tidegate audit` with its commands. */
export function addAudit(program: Command, context: CommandContext): void {
  const audit = program.command('audit').description('check the recorded history of models');
  addAuditVerify(audit, context);
}

interface Options {
  readonly head?: string;
  readonly json?: boolean;
}

/** Adds `tidegate audit verify [model]`. */
function addAuditVerify(audit: Command, { config, output }: CommandContext): void {
  const verify = audit.command('verify');
  verify
    .description(
      'recompute the hash chain over the stage moves of each model and report the first move that was changed or removed',
    )
    .argument('[model]', 'name of the model (default: all models)')
    .option('--head <hash>', 'a hash noted earlier, which the chain of the model must still contain')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nEach move of a version between stages contains the hash of the move before it. Moves that were removed from the' +
        '\nend leave no gap, so keep the newest hash outside of this database and pass it as --head.' +
        '\nExits with 1 if a chain is broken.\n\nExamples:\n  tidegate audit verify\n  tidegate audit verify churn --head 9f2c…',
    )
    .action((model: string | undefined, { head, json }: Options) =>
      withDatabase(config(), async (database) => {
        if (head !== undefined && model === undefined)
          verify.error('error: --head is the hash of one model; name the model too');
        if (model !== undefined) await getDefinition(database, model);
        const models = model === undefined ? await listModels(database) : [model];
        const chains = await Promise.all(
          models.map(async (name) => ({ model: name, ...(await checkChain(database, name, head)) })),
        );
        if (json) {
          const whole = chains.every(({ broken, isKnown }) => broken === null && isKnown);
          output.json({
            whole,
            chains: chains.map(({ isKnown: containsHead, ...chain }) => ({ ...chain, containsHead })),
          });
          if (!whole) process.exitCode = EXIT_FAILED;
          return;
        }
        const changed: TidegateError[] = [];
        for (const { model: name, moves, head: newest, broken, isKnown } of chains) {
          if (broken) changed.push(historyChanged(name, broken));
          else if (!isKnown)
            changed.push(
              new TidegateError(
                'HISTORY_CHANGED',
                `the history of ${name} does not contain the hash ${head}`,
              ),
            );
          else
            output.line(
              newest
                ? `${name}: ${moves} stage moves, unchanged; the newest at ${minute(newest.at)} has the hash ${newest.hash}`
                : `${name}: no stage moves yet`,
            );
        }
        if (changed.length > 0)
          throw new TidegateError('HISTORY_CHANGED', changed.map(({ message }) => message).join('; '));
      }),
    );
}
