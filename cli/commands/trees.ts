// tidegate trees: what gradient-boosted trees and models in ONNX need beside Node.
import { type Command } from 'commander';
import { type CommandContext } from '../command-context.ts';
import { addTreesInstall } from './trees/install.ts';
import { addTreesWorker } from './trees/worker.ts';

/** Adds `tidegate trees install` and `tidegate trees worker`. */
export function addTrees(program: Command, context: CommandContext): void {
  const trees = program.command('trees').description('what trees and models in ONNX need beside Node');
  addTreesInstall(trees, context);
  addTreesWorker(trees, context);
}
