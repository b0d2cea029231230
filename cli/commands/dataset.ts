// tidegate dataset: frozen datasets, looked at, verified and let go.
import { type Command } from 'commander';
import { type CommandContext } from '../command-context.ts';
import { addDatasetExpire } from './dataset/expire.ts';
import { addDatasetList } from './dataset/list.ts';
import { addDatasetShow } from './dataset/show.ts';
import { addDatasetVerify } from './dataset/verify.ts';

/** Adds `tidegate dataset list | show | verify | expire`. */
export function addDataset(program: Command, context: CommandContext): void {
  const dataset = program.command('dataset').description('look at frozen datasets, verify them, let them go');
  addDatasetList(dataset, context);
  addDatasetShow(dataset, context);
  addDatasetVerify(dataset, context);
  addDatasetExpire(dataset, context);
}
