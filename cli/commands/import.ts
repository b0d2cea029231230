// tidegate import: loads CSV and Parquet files into the source tables.
import { type Command } from 'commander';
import { type ImportRequest, type ImportResult, importFiles } from '../../store/import/import-files.ts';
import { asOfOption, jsonOption, parseInstant, parseText } from '../arguments.ts';
import { type CommandContext } from '../command-context.ts';
import { withDatabase } from '../connections.ts';
import { parseDelimiter, parseEncoding, parseQuote } from '../import/csv-arguments.ts';
import { progressTeller } from '../import/progress-line.ts';
import { futureOption, refuseFuture } from '../future-instant.ts';
import { interruptible } from '../interruptible.ts';
import { day } from '../output/format.ts';
import { type Output } from '../output/output.ts';
import { EXIT_INTERRUPTED } from '../print-error.ts';

interface Options extends Omit<ImportRequest, 'paths' | 'csv' | 'onProgress' | 'signal'> {
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly quote?: string;
  readonly future?: true;
  readonly json?: boolean;
}

/** Adds `tidegate import <path...>`. */
export function addImport(program: Command, { config, output }: CommandContext): void {
  program
    .command('import')
    .description('load CSV and Parquet files, each named for its table: all of them, or nothing')
    .argument('<path...>', 'files named <table>.csv or <table>.parquet, and folders of such')
    .addOption(asOfOption('the instant that the rows speak about').makeOptionMandatory())
    .option(
      '--known-at <instant>',
      'when the rows became known, for history that is loaded later',
      parseInstant,
    )
    .addOption(futureOption())
    .option('--dry-run', 'check everything and say what it would bring, but keep nothing')
    .option('--encoding <name>', 'encoding of the CSV files (default: detected)', parseEncoding)
    .option('--delimiter <character>', 'what keeps their cells apart (default: detected)', parseDelimiter)
    .option('--quote <character>', 'what their values may be wrapped in, or none (default: ")', parseQuote)
    .option('--schema <name>', 'schema of the tables (default: public)', parseText)
    .option('--timestamp-column <name>', 'column that gets the as-of instant (default: as_of)', parseText)
    .option(
      '--known-column <name>',
      'column that says when a row became known (default: loaded_at)',
      parseText,
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  tidegate import data/month_000 --as-of 2024-01-31' +
        '\n  tidegate import users.csv late/labels.parquet --as-of 2024-01-31 --dry-run',
    )
    .action(
      (
        paths: string[],
        { json = false, encoding, delimiter, quote, future, ...request }: Options,
        command: Command,
      ) => {
        if (delimiter !== undefined && delimiter === quote)
          command.error('error: --delimiter and --quote name the same character');
        refuseFuture({ '--as-of': request.asOf, '--known-at': request.knownAt }, future);
        return withDatabase(config(), async ({ pool }) => {
          const csv = {
            ...(encoding !== undefined && { encoding }),
            ...(delimiter !== undefined && { delimiter }),
            ...(quote !== undefined && { quote }),
          };
          const onProgress = progressTeller((line) => output.status(line));
          const result = await interruptible((signal) =>
            importFiles(pool, { ...request, paths, csv, onProgress, signal }).finally(() =>
              output.status(''),
            ),
          );
          if (!result) {
            output.progress('interrupted: nothing was imported');
            process.exitCode = EXIT_INTERRUPTED;
            return;
          }
          const { asOf, dryRun = false } = request;
          if (json) output.json({ paths, asOf, dryRun, ...result });
          else printImport(output, result, asOf, dryRun);
        });
      },
    );
}

function printImport(output: Output, { tables }: ImportResult, asOf: Date, dryRun: boolean): void {
  for (const { assumed } of tables) if (assumed !== null) output.progress(`warning: ${assumed}`);
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
}
