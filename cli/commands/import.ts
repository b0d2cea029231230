// tidegate import: loads a folder of CSV files into the source tables.
import { type Command } from 'commander';
import { importFolder } from '../../store/import/import-folder.ts';
import { asOfOption, jsonOption, parseInstant } from '../arguments.ts';
import { type CommandContext } from '../command-context.ts';
import { withDatabase } from '../connections.ts';
import { day } from '../output/format.ts';

interface Options {
  readonly asOf: Date;
  readonly knownAt?: Date;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Adds `tidegate import <folder>`. */
export function addImport(program: Command, { config, output }: CommandContext): void {
  program
    .command('import')
    .description('load a folder of CSV files, each named for its table: all of it, or nothing')
    .argument('<folder>', 'folder of <table>.csv files')
    .addOption(asOfOption('the instant that the rows speak about').makeOptionMandatory())
    .option(
      '--known-at <instant>',
      'when the rows became known, for history that is loaded later',
      parseInstant,
    )
    .option('--dry-run', 'check everything and say what it would bring, but keep nothing')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate import data/month_000 --as-of 2024-01-31')
    .action((folder: string, options: Options) =>
      withDatabase(config(), async (database) => {
        const { asOf, knownAt, dryRun = false, json } = options;
        const { tables } = await importFolder(database.pool, {
          folder,
          asOf,
          dryRun,
          ...(knownAt && { knownAt }),
        });
        if (json) return output.json({ folder, asOf, dryRun, tables });
        output.table({
          head: ['table', 'rows', 'inserted', 'changed', 'unchanged'],
          rows: tables.map(({ table, rows, inserted, changed, unchanged }) => [
            table,
            rows,
            inserted,
            changed,
            unchanged,
          ]),
        });
        output.line(dryRun ? `nothing was kept: a trial as of ${day(asOf)}` : `imported as of ${day(asOf)}`);
      }),
    );
}
