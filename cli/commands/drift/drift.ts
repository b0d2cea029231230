// tidegate drift: compares two tables without a model; its subcommand learns a model's drift thresholds.
import { type Command, Option } from 'commander';
import { type CommandContext, jsonOption, parseNumber, parseText } from '../../shared/arguments.ts';
import { addCalibrate } from './calibrate.ts';
import { compareAndPrint, type Comparison, type TablePlace } from './compare.ts';
import { type NamedTypes, parseShare, parseType } from './drift-arguments.ts';
import { htmlOption, markdownOption, outOption } from '../../shared/documents.ts';
import { findDatabaseUrl } from '../../shared/endpoints.ts';
import { parseDelimiter, parseEncoding, parseQuote } from '../../shared/csv-arguments.ts';
import { defaultDrift } from '../../../domain/model/schema/drift-schema.ts';
import { type Config } from '../../shared/config.ts';
import { type CsvOptions } from '../../../store/import/csv/csv-source.ts';

interface Options extends CsvOptions {
  readonly referenceSql?: string;
  readonly currentSql?: string;
  readonly database?: string;
  readonly type?: NamedTypes;
  readonly key?: string;
  readonly preset?: 'evidently';
  readonly share?: number;
  readonly alpha: number;
  readonly minRows: number;
  readonly multivariate: boolean;
  readonly failOnDrift?: boolean;
  readonly json?: boolean;
  readonly html?: boolean;
  readonly markdown?: boolean;
  readonly out?: string;
}

/** The drift policy of a definition that does not set one. */
const DEFAULTS = defaultDrift();

/** Adds `tidegate drift [reference] [current]` and the commands below it. */
export function addDrift(program: Command, context: CommandContext): void {
  const { config, output } = context;
  const drift = program
    .command('drift')
    .description('compare two tables, from files or queries; needs no model, worker or server')
    .argument('[reference]', 'CSV or Parquet file with the reference rows')
    .argument('[current]', 'CSV or Parquet file with the current rows')
    .option('--reference-sql <query>', 'query that returns the reference rows, instead of a file', parseText)
    .option('--current-sql <query>', 'query that returns the current rows, instead of a file', parseText)
    .option('--database <url>', 'database for the queries (default: DATABASE_URL)', parseText)
    .option(
      '--type <column=type>',
      'type of a column (numeric or category) instead of the inferred type, or ignore to leave the column out; repeatable',
      parseType,
    )
    .option('--key <column>', 'column that identifies the entity of a row; not compared', parseText)
    .addOption(
      new Option('--preset <name>', 'use the statistical tests and the drift rule of Evidently 0.7').choices([
        'evidently',
      ]),
    )
    .option(
      '--share <number>',
      `minimum share of drifted columns for the table to count as drifted (default: ${DEFAULTS.share}, with Evidently ${defaultDrift('evidently').share})`,
      parseShare,
    )
    .option('--alpha <number>', 'significance level for the adjusted p-values', parseShare, DEFAULTS.alpha)
    .option(
      '--min-rows <number>',
      'minimum number of values that a column needs in the reference and in the current table',
      parseNumber,
      DEFAULTS.minRows,
    )
    .option('--no-multivariate', 'skip the test over all columns together')
    .option('--encoding <name>', 'encoding of CSV files (default: detected)', parseEncoding)
    .option('--delimiter <character>', 'delimiter of CSV files (default: detected)', parseDelimiter)
    .option('--quote <character>', 'quote character of CSV files, or none (default: ")', parseQuote)
    .option('--fail-on-drift', 'exit with 3 if the table has drifted, with 4 if nothing could be measured')
    .addOption(jsonOption())
    .addOption(htmlOption())
    .addOption(markdownOption())
    .addOption(outOption())
    .addHelpText(
      'after',
      '\nExamples:\n  tidegate drift january.csv february.parquet --key user_id' +
        "\n  tidegate drift --reference-sql 'select * from a' --current-sql 'select * from b' --fail-on-drift" +
        '\n  tidegate drift january.csv february.csv --html --out drift.html',
    )
    .action(
      async (
        reference: string | undefined,
        current: string | undefined,
        options: Options,
        command: Command,
      ) => {
        const places = await placesOf([reference, current], options, command, config);
        process.exitCode = await compareAndPrint({ ...comparisonOf(options), ...places }, output);
      },
    );
  addCalibrate(drift, context);
}

async function placesOf(
  [first, second]: readonly [string | undefined, string | undefined],
  { referenceSql, currentSql, database }: Options,
  command: Command,
  config: () => Config,
): Promise<{ reference: TablePlace; current: TablePlace }> {
  // If only one file was given, it is the table that no query was given for.
  const files = [first, second].filter((file) => file !== undefined);
  const reference = referenceSql === undefined ? files.shift() : undefined;
  const current = currentSql === undefined ? files.shift() : undefined;
  if (files.length > 0)
    command.error('error: give either a file or a query for each of the two tables, not both');
  if (referenceSql === undefined && reference === undefined)
    command.error('error: give the reference: a file, or --reference-sql');
  if (currentSql === undefined && current === undefined)
    command.error('error: give the current rows: a file, or --current-sql');
  const place = async (file: string | undefined, sql: string | undefined, name: string) =>
    sql === undefined
      ? { file: file as string }
      : { sql, name, url: database ?? (await findDatabaseUrl(config())) };
  return {
    reference: await place(reference, referenceSql, 'reference'),
    current: await place(current, currentSql, 'current'),
  };
}

function comparisonOf(options: Options): Omit<Comparison, 'reference' | 'current'> {
  const { type = {}, key, preset, share, alpha, minRows, encoding, delimiter, quote } = options;
  const named = Object.entries(type);
  return {
    kinds: Object.fromEntries(named.flatMap(([column, kind]) => (kind === 'ignore' ? [] : [[column, kind]]))),
    ignore: named.flatMap(([column, kind]) => (kind === 'ignore' ? [column] : [])),
    key,
    csv: {
      ...(encoding !== undefined && { encoding }),
      ...(delimiter !== undefined && { delimiter }),
      ...(quote !== undefined && { quote }),
    },
    preset,
    share: share ?? defaultDrift(preset).share,
    alpha,
    minRows,
    multivariate: options.multivariate && (defaultDrift(preset).multivariate ?? false),
    failOnDrift: options.failOnDrift ?? false,
    as: options.json ? 'json' : options.html ? 'html' : options.markdown ? 'markdown' : 'text',
    out: options.out,
  };
}
