// tidegate demo: runs the whole loop on generated data and real servers.
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
    .description('run the whole loop on generated data: training, drift, a second version, approval, serving')
    .addOption(
      new Option(
        '--keep',
        'keep the servers running at the end until Ctrl-C (default on a terminal)',
      ).conflicts('exit'),
    )
    .option('--exit', 'exit when done (default when stdout is not a terminal)')
    .addHelpText(
      'after',
      '\nEach run starts over: it erases .tidegate/demo, or the folder that --data names. A named folder must be empty or come' +
        '\nfrom an earlier demo.' +
        '\n\nExample:\n  tidegate demo --exit',
    )
    .action(async ({ keep, exit }: Options, command: Command) => {
      const { data } = command.optsWithGlobals<{ readonly data?: string }>();
      const { runDemo } = await import('./run-demo.ts');
      const stays = keep ?? (exit ? false : output.isTerminal);
      const isComplete = await runDemo({
        config: config(),
        output,
        keep: stays,
        isFolderNamed: data !== undefined,
      });
      if (!isComplete) process.exitCode = EXIT_INTERRUPTED;
    });
}
