// tidegate features rows: what a model would see of some entities at an instant.
import { type Command, Option } from 'commander';
import { TidegateError } from '../../../domain/errors.ts';
import { explainRow } from '../../../domain/decisions/describe/explain-row.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { rowsAt } from '../../../store/join/rows-at.ts';
import { asOfOption, definitionOption, jsonOption, parseKey, parseLimit } from '../../arguments.ts';
import { type CommandContext } from '../../command-context.ts';
import { withDatabase } from '../../connections.ts';
import { jsonRow, printRows, type ShownRow } from '../../features/row-tables.ts';

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
      'show point-in-time rows: what was known of entities at an instant, as materialising writes it',
    )
    .argument('<model>', 'name of the model')
    .addOption(asOfOption('the instant; now where left out'))
    .addOption(
      new Option('--key <column=value>', 'a key column of the entity; again for each').argParser(parseKey),
    )
    .option('--limit <rows>', 'most entities, at most 1,000', parseLimit, DEFAULT_LIMIT)
    .option('--explain', 'also show for each value the table or formula it came from, and the timestamp')
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
