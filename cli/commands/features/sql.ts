// tidegate features sql: prints the statement that joins a window, ready for psql.
import { type Command, Option } from 'commander';
import { holdoutPolicy } from '../../../domain/model/define-model.ts';
import { windowEndingAt } from '../../../domain/model/window.ts';
import { labelsKnownBy } from '../../../store/postgres/snapshot.ts';
import { getDefinition } from '../../../store/definitions/definitions.ts';
import { chooseJoinPlan } from '../../../store/join/choose-join-plan.ts';
import { windowSql } from '../../../store/join/window-sql.ts';
import { inlineParameters } from '../../../store/postgres/sql-text.ts';
import { asOfOption, type CommandContext, definitionOption, jsonOption } from '../../shared/arguments.ts';
import { withDatabase } from '../../shared/connections.ts';

interface Options {
  readonly asOf: Date;
  readonly window: 'monitor' | 'training';
  readonly definition?: number;
  readonly json?: boolean;
}

/** Adds `tidegate features sql <model>`. */
export function addSql(features: Command, { config, output }: CommandContext): void {
  features
    .command('sql')
    .description(
      'print the SQL that joins the features of a window, with all times filled in, ready for psql',
    )
    .argument('<model>', 'name of the model')
    .addOption(asOfOption('end of the window').makeOptionMandatory())
    .addOption(
      new Option('--window <window>', 'length of the window: monitor.window or training.window')
        .choices(['monitor', 'training'])
        .default('monitor'),
    )
    .addOption(definitionOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  tidegate features sql churn --as-of 2024-02-29 | psql "$DATABASE_URL"',
    )
    .action((model: string, options: Options) =>
      withDatabase(config(), async (database) => {
        const { definition, version } = await getDefinition(database, model, options.definition);
        const window = windowEndingAt(options.asOf, definition[options.window].window, definition.monitor);
        const asKnownAt = await labelsKnownBy(database.pool);
        const plan = await chooseJoinPlan(database.pool, definition);
        const statement = inlineParameters(windowSql(definition, holdoutPolicy(definition), plan), [
          window.from.toISOString(),
          window.to.toISOString(),
          asKnownAt,
        ]);
        const sql = withoutMargin(statement);
        if (options.json)
          return output.json({ model, definitionVersion: version, window, asKnownAt, plan, sql });
        output.line(
          `-- ${model}, definition ${version}: rows of (${window.from.toISOString()}, ${window.to.toISOString()}], labels known by ${asKnownAt}`,
        );
        // Tidegate's own sessions have this setting too. It makes times without a zone UTC, and a day 24 hours long.
        output.line(`set timezone = 'UTC';`);
        output.line(`${sql};`);
      }),
    );
}

/** The statement without the indentation it has in the code. */
const withoutMargin = (statement: string): string =>
  statement
    .split('\n')
    .map((line) => line.replace(/^ {4}/, ''))
    .join('\n')
    .trim();
