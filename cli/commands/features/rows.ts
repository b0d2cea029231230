// tidegate features rows: shows the features that a model would see for some entities at an instant.
import { type Command, Option } from 'commander';
import { TidegateError } from '../../../domain/errors.ts';
import { type ExplainedValue, explainRow } from '../../../domain/decisions/describe/explain-row.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { rowsAt } from '../../../store/join/rows-at.ts';
import {
  asOfOption,
  type CommandContext,
  definitionOption,
  jsonOption,
  parseKey,
  parseLimit,
} from '../../shared/arguments.ts';
import { withDatabase } from '../../shared/connections.ts';
import { day } from '../../output/format.ts';
import { type Cell, type Output } from '../../output/output.ts';
import { type ColumnSpec } from '../../../domain/model/parts/column.ts';
import { type Value } from '../../../domain/model/derived/operator.ts';

interface Options {
  readonly asOf?: Date;
  readonly key?: Record<string, string>;
  readonly limit: number;
  readonly explain?: boolean;
  readonly definition?: number;
  readonly json?: boolean;
}

const DEFAULT_LIMIT = 10;

/** Adds `tidegate features rows <model>`. */
export function addRows(features: Command, { config, output }: CommandContext): void {
  features
    .command('rows')
    .description(
      'show point-in-time rows: the features of entities as known at an instant, as `materialize` writes them',
    )
    .argument('<model>', 'name of the model')
    .addOption(asOfOption('the instant (default: now)'))
    .addOption(
      new Option(
        '--key <column=value>',
        'a key column of the entity; repeat it for each key column',
      ).argParser(parseKey),
    )
    .option('--limit <rows>', 'maximum number of entities, up to 1,000', parseLimit, DEFAULT_LIMIT)
    .option('--explain', 'also show the table or formula that each value comes from, and its timestamp')
    .addOption(definitionOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  tidegate features rows churn --as-of 2024-02-29' +
        '\n  tidegate features rows churn --as-of 2024-02-29 --key user_id=u_000123 --explain',
    )
    .action((model: string, { asOf = new Date(), key, limit, explain = false, ...options }: Options) =>
      withDatabase(config(), async (database) => {
        const { definition, version } = await getDefinition(database, model, options.definition);
        const rows = await rowsAt(database, definition, { asOf, limit, ...(key && { key }) });
        if (rows.length === 0) {
          const who = key ? `entity ${JSON.stringify(key)}` : 'entity';
          throw new TidegateError(
            'EMPTY_WINDOW',
            `${definition.rows.table} has no ${who} at ${asOf.toISOString()}`,
          );
        }
        const shown = rows.map(({ key: entity, values, viewTimes }): ShownRow => ({
          key: entity,
          values: explainRow(definition, values, viewTimes),
        }));
        if (!options.json) return printRows(output, shown, { asOf, explain });
        output.json({
          model,
          definitionVersion: version,
          asOf,
          rows: shown.map((row) => jsonRow(row, explain)),
        });
      }),
    );
}

/** The row of one entity. */
interface ShownRow {
  /** Key columns by name. */
  readonly key: Readonly<Record<string, string>>;
  /** Columns of the views and derived columns, including inputs that are not features. */
  readonly values: readonly ExplainedValue[];
}

/** How rows are shown. */
interface RowOptions {
  readonly asOf: Date;
  readonly explain: boolean;
}

const DAY_MICROS = 86_400_000_000;

/** Prints all rows in one table; one table per row if they are explained or if there is only one row. */
function printRows(output: Output, rows: readonly ShownRow[], { asOf, explain }: RowOptions): void {
  if (explain || rows.length === 1) {
    for (const row of rows) printRow(output, row, { asOf, explain });
    return;
  }
  output.heading(`as of ${day(asOf)}`);
  const [first] = rows;
  const features = featuresIn(first).map(({ name }) => name);
  output.table({
    head: [...Object.keys(first?.key ?? {}), ...features],
    rows: rows.map((row) => [...Object.values(row.key), ...featuresIn(row).map(cell)]),
  });
}

function printRow(output: Output, row: ShownRow, { asOf, explain }: RowOptions): void {
  const key = Object.entries(row.key).map(([name, value]) => `${name} ${value}`);
  output.heading(`${key.join(', ')} as of ${day(asOf)}`);
  if (!explain) {
    output.table({
      head: ['feature', 'value'],
      rows: featuresIn(row).map((each) => [each.name, cell(each)]),
    });
    return;
  }
  output.table({
    head: ['column', 'value', 'from', 'timestamp', 'days old'],
    rows: row.values.map((each) => [
      each.isFeature ? each.name : `${each.name} (input only)`,
      cell(each),
      each.table ?? each.formula,
      each.timestamp === null ? null : instantText(each.timestamp),
      each.timestamp === null
        ? null
        : Number(((asOf.getTime() * 1_000 - each.timestamp) / DAY_MICROS).toFixed(2)),
    ]),
  });
}

/** A row as `--json` prints it; with `explain`, also the origin of every column. */
function jsonRow(row: ShownRow, explain: boolean): object {
  const features = Object.fromEntries(
    featuresIn(row).map(({ name, type, value }) => [name, featureValue(type, value)]),
  );
  if (!explain) return { key: row.key, features };
  const explained = row.values.map(({ value, type, timestamp, ...origin }) => ({
    ...origin,
    type,
    value: featureValue(type, value),
    timestamp: timestamp === null ? null : instantText(timestamp),
  }));
  return { key: row.key, features, explained };
}

const featuresIn = (row: ShownRow | undefined): ExplainedValue[] =>
  (row?.values ?? []).filter(({ isFeature }) => isFeature);

function cell({ type, value }: ExplainedValue): Cell {
  const shown = featureValue(type, value);
  return typeof shown === 'boolean' ? String(shown) : shown;
}

/**
 * Converts a value to its form in JSON and in requests: a flag becomes a boolean, an instant a text. An infinity becomes a
 * text too, because JSON has no infinities.
 *
 * @example featureValue('flag', 'true') // true
 */
function featureValue(type: ColumnSpec['type'], value: Value): Value | boolean {
  if (value === null) return null;
  if (type === 'flag') return value === 'true';
  if (typeof value === 'string') return value;
  if (!Number.isFinite(value)) return String(value);
  return type === 'instant' ? instantText(value) : value;
}

/**
 * Formats microseconds since 1970 UTC as ISO 8601, to the microsecond if it is not a whole millisecond.
 *
 * @example instantText(1) // '1970-01-01T00:00:00.000001Z'
 */
function instantText(micros: number): string {
  const milliseconds = Math.floor(micros / 1_000);
  const instant = new Date(milliseconds);
  if (Number.isNaN(instant.getTime())) return `${micros} µs`;
  const rest = Math.round(micros - milliseconds * 1_000);
  const iso = instant.toISOString();
  return rest === 0 ? iso : iso.replace('Z', `${String(rest).padStart(3, '0')}Z`);
}
