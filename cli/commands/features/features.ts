// tidegate features: shows how a model's features are declared and joined, and their values.
import { type Command } from 'commander';
import { type CommandContext } from '../../shared/arguments.ts';
import { addDescribe } from './describe.ts';
import { addRows } from './rows.ts';
import { addSql } from './sql.ts';
import { addStats } from './stats.ts';

/** Adds `tidegate features` with its subcommands. */
export function addFeatures(program: Command, context: CommandContext): void {
  const features = program
    .command('features')
    .description("show a model's features: declarations, the join, rows and statistics")
    .addHelpText('after', '\nExample:\n  tidegate features describe churn');
  addDescribe(features, context);
  addRows(features, context);
  addSql(features, context);
  addStats(features, context);
}
