// tidegate import: loads CSV and Parquet files into the source tables.
import { latestInstant, refuseFuture } from '../../../domain/model/future-instant.ts';
import { type Command, Option } from 'commander';
import {
  importFiles,
  type ImportRequest,
  type ImportResult,
  type PerTable,
} from '../../../store/import/import-files.ts';
import { type PlannedTable, planTables } from '../../../store/import/plan-tables.ts';
import {
  asOfOption,
  type CommandContext,
  futureOption,
  jsonOption,
  parseInstant,
  parseText,
} from '../../shared/arguments.ts';
import { withDatabase } from '../../shared/connections.ts';
import { confirmTables } from './create-tables.ts';
import { parseDelimiter, parseEncoding, parseQuote } from '../../shared/csv-arguments.ts';
import { interruptible } from '../../shared/interruptible.ts';
import { day } from '../../output/format.ts';
import { type Output } from '../../output/output.ts';
import { EXIT_INTERRUPTED } from '../../output/explain-error.ts';
import { type ImportProgress } from '../../../store/import/import-progress.ts';

interface Options extends Omit<
  ImportRequest,
  'paths' | 'csv' | 'onProgress' | 'signal' | 'latest' | 'create'
> {
  readonly create?: true;
  readonly key?: PerTable<readonly string[]>;
  readonly yes?: true;
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
    .description('load CSV and Parquet files, each named after its table; loads all of them or nothing')
    .argument('<path...>', 'files named <table>.csv or <table>.parquet, or folders of such files')
    .addOption(
      asOfOption(
        'the instant that all rows describe (default: each row has its own, in a column of the file)',
      ),
    )
    .addOption(
      new Option(
        '--as-of-column <[table=]column>',
        'column of the file with the time of each row (default: the name of --timestamp-column); repeatable',
      )
        .argParser(perTable(parseText))
        .conflicts('asOf'),
    )
    .option('--create', 'create the tables that are missing, after showing their columns and types')
    .option(
      '--key <[table=]a,b>',
      'columns that identify the entities of a new table; repeatable',
      perTable((text) => text.split(',').map(parseText)),
    )
    .option('--yes', 'create the tables without asking')
    .option(
      '--known-at <instant>',
      'when the rows became known, for historical rows that are loaded now',
      parseInstant,
    )
    .addOption(futureOption())
    .option('--dry-run', 'check everything and show the result, but keep nothing')
    .option('--encoding <name>', 'encoding of the CSV files (default: detected)', parseEncoding)
    .option('--delimiter <character>', 'delimiter of the CSV files (default: detected)', parseDelimiter)
    .option('--quote <character>', 'quote character of the CSV files, or none (default: ")', parseQuote)
    .option('--schema <name>', 'schema of the tables (default: public)', parseText)
    .option('--timestamp-column <name>', 'table column for the time of a row (default: as_of)', parseText)
    .option(
      '--known-column <name>',
      'table column for the time a row became known (default: loaded_at)',
      parseText,
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  tidegate import data/month_000 --as-of 2024-01-31' +
        '\n  tidegate import users.csv late/labels.parquet --as-of 2024-01-31 --dry-run' +
        '\n  tidegate import events.csv --as-of-column event_time --create --key user_id',
    )
    .action(
      (
        paths: string[],
        { json = false, encoding, delimiter, quote, future, create, key, yes, ...request }: Options,
        command: Command,
      ) => {
        if (delimiter !== undefined && delimiter === quote)
          command.error('error: --delimiter and --quote name the same character');
        if (!create && (key ?? yes)) command.error(`error: ${key ? '--key' : '--yes'} needs --create`);
        refuseFuture({ '--as-of': request.asOf, '--known-at': request.knownAt }, future);
        return withDatabase(config(), async ({ pool }) => {
          const csv = {
            ...(encoding !== undefined && { encoding }),
            ...(delimiter !== undefined && { delimiter }),
            ...(quote !== undefined && { quote }),
          };
          const onProgress = progressReporter((line) => output.status(line));
          const result = await interruptible(async (signal) => {
            const wanted: ImportRequest = {
              ...request,
              paths,
              csv,
              onProgress,
              signal,
              ...(!future && { latest: latestInstant() }),
            };
            const created = create ? await planTables(pool, wanted, key ?? { tables: new Map() }) : [];
            await confirmTables(created, output, {
              isAgreed: yes ?? request.dryRun ?? false,
              input: process.stdin,
              screen: process.stderr,
              signal,
            });
            const imported = await importFiles(pool, { ...wanted, create: created }).finally(() =>
              output.status(''),
            );
            return { created, ...imported };
          });
          if (!result) {
            output.progress('interrupted: nothing was imported');
            process.exitCode = EXIT_INTERRUPTED;
            return;
          }
          const { asOf = null, dryRun = false } = request;
          if (json) output.json({ paths, asOf, dryRun, ...result });
          else printImport(output, result, asOf, dryRun);
        });
      },
    );
}

function printImport(
  output: Output,
  { tables, created }: ImportResult & { readonly created: readonly PlannedTable[] },
  asOf: Date | null,
  dryRun: boolean,
): void {
  if (!dryRun) for (const { table } of created) output.line(`created table ${table}`);
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
  const times = asOf
    ? `as of ${day(asOf)}`
    : `with the times of ${tables.map(describeTimeColumn).join(', ')}`;
  output.line(dryRun ? `dry run ${times}: nothing was kept` : `imported ${times}`);
}

const describeTimeColumn = ({ file, asOfColumn }: ImportResult['tables'][number]): string =>
  `column ${asOfColumn} of ${file}`;

const BETWEEN_MS = 100;

/**
 * Formats the progress of an import as one line.
 *
 * @param seconds since it began
 * @example progressLine(progress, 2.5) // 'users.csv: adding 340,000 rows, 42 %, 31.2 MB/s'
 */
export function progressLine({ file, step, rows, bytes, share }: ImportProgress, seconds: number): string {
  const speed = seconds > 0 ? bytes / 1e6 / seconds : 0;
  const percent = Math.floor(100 * share);
  return `${file}: ${step} ${rows.toLocaleString('en-US')} rows, ${percent} %, ${speed.toFixed(1)} MB/s`;
}

/**
 * Shows the progress of an import, at most ten times a second; always when the step or the file changes.
 *
 * @param show replaces the line shown before
 * @param clock milliseconds, of any origin
 */
export function progressReporter(
  show: (line: string) => void,
  clock: () => number = () => performance.now(),
): (progress: ImportProgress) => void {
  const began = clock();
  let shownAt = -Infinity;
  let shown = '';
  return (progress) => {
    const now = clock();
    const what = `${progress.step} ${progress.file}`;
    if (what === shown && now - shownAt < BETWEEN_MS) return;
    shownAt = now;
    shown = what;
    show(progressLine(progress, (now - began) / 1000));
  };
}

/**
 * A parser for `value` and `table=value`; a repeated option replaces the earlier value for the same table.
 *
 * @example perTable(parseText)('events=event_time') // { tables: new Map([['events', 'event_time']]) }
 */
const perTable =
  <T>(read: (text: string) => T) =>
  (text: string, earlier: PerTable<T> = { tables: new Map() }): PerTable<T> => {
    const at = text.indexOf('=');
    if (at < 1) return { ...earlier, all: read(text) };
    return {
      ...earlier,
      tables: new Map([...earlier.tables, [text.slice(0, at), read(text.slice(at + 1))]]),
    };
  };
