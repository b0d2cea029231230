// tidegate demo: the whole story, on generated data and real servers.
import { type Command, Option } from 'commander';
import { type CommandContext } from '../../shared/arguments.ts';
import { EXIT_INTERRUPTED } from '../../output/explain-error.ts';

interface Options {
  readonly keep?: boolean;
  readonly exit?: boolean;
}

/** Adds `tidegate demo`. */
export function addDemo(program: Command, { config, output }: CommandContext): void {
  program
    .command('demo')
    .description('tell the whole story on generated data: drift, a second version, approval, serving')
    .addOption(
      new Option('--keep', 'stay up at the end until Ctrl-C; what a terminal does').conflicts('exit'),
    )
    .option('--exit', 'stop at the end; what anything but a terminal does')
    .addHelpText(
      'after',
      "\nIt begins anew each time, in .tidegate/demo or in the folder that --data names, which must be empty or a demo's own." +
        '\n\nExample:\n  tidegate demo --exit',
    )
    .action(async ({ keep, exit }: Options, command: Command) => {
      const { data } = command.optsWithGlobals<{ readonly data?: string }>();
      const { runDemo } = await import('./run-demo.ts');
      const stays = keep ?? (exit ? false : output.isTerminal);
      const isTold = await runDemo({
        config: config(),
        output,
        keep: stays,
        isFolderNamed: data !== undefined,
      });
      if (!isTold) process.exitCode = EXIT_INTERRUPTED;
    });
}
