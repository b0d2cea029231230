// tidegate trees install: what gradient-boosted trees and models in ONNX need beside Node, put beside the data.
import { type Command } from 'commander';
import { jsonOption } from '../../arguments.ts';
import { type CommandContext } from '../../command-context.ts';
import { installOnnxRuntime } from '../../trees/install-runtime.ts';
import { installPython } from '../../trees/install-python.ts';
import { treesFolder } from '../../trees/trees-folder.ts';

interface Options {
  readonly runtimeOnly?: boolean;
  readonly python: string;
  readonly json?: boolean;
}

/** Adds `tidegate trees install`. */
export function addTreesInstall(trees: Command, { config, output }: CommandContext): void {
  trees
    .command('install')
    .description(
      'install onnxruntime-node and an environment of Python beside the data; again it does nothing',
    )
    .option('--runtime-only', 'onnxruntime-node alone: enough to serve trees and to import versions')
    .option('--python <program>', 'the Python that makes the environment, 3.11 or later', 'python3')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate trees install')
    .action(async ({ runtimeOnly = false, python, json }: Options) => {
      const { dataDir } = config();
      const say = (text: string): void => output.progress(text);
      const runtime = await installOnnxRuntime(treesFolder(dataDir), say);
      const environment = runtimeOnly ? false : await installPython(dataDir, python, say);
      const folder = treesFolder(dataDir);
      if (json) return output.json({ folder, installed: { runtime, python: environment } });
      output.line(
        runtime || environment
          ? `installed in ${folder}`
          : `everything is there already, in ${folder} or the project`,
      );
    });
}
