// tidegate explain: asks the API why an entity or a row gets its score.
import { type Command, Option } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { asOfOption, jsonOption, parseKey, parseObject } from '../arguments.ts';
import { type CommandContext } from '../command-context.ts';
import { findApiUrl } from '../endpoints.ts';
import { three } from '../output/format.ts';
import { explain } from '../predict.ts';

interface Options {
  readonly key?: Record<string, string>;
  readonly features?: Record<string, unknown>;
  readonly asOf?: Date;
  readonly json?: boolean;
}

/** Adds `tidegate explain <model>`. */
export function addExplain(program: Command, { config, output }: CommandContext): void {
  program
    .command('explain')
    .description('ask the API what each feature adds to the score of an entity or a row')
    .argument('<model>', 'name of the model')
    .addOption(
      new Option('--key <column=value>', 'a key column of the entity; again for each').argParser(parseKey),
    )
    .addOption(
      new Option(
        '--features <json>',
        'features as a JSON object; with a key they stand in place of those stored',
      ).argParser(parseObject),
    )
    .addOption(asOfOption('row time of features without a key; now where left out').conflicts('key'))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate explain churn --key user_id=u_000123')
    .action(async (model: string, { key, features, asOf, json }: Options) => {
      if (!key && !features) throw new TidegateError('INVALID_REQUEST', 'give --key or --features');
      const answer = await explain(await findApiUrl(config()), model, {
        ...(key && { key }),
        ...(features && { features }),
        ...(asOf && { as_of: asOf }),
      });
      if (json) return output.json(answer);
      output.heading(`${three(answer.score)} by version ${answer.version} of ${answer.model}`);
      if (answer.as_of !== undefined) output.line(`features as of ${answer.as_of}`);
      output.table({
        head: ['feature', 'value', 'log-odds'],
        rows: [
          ...answer.contributions.map(({ feature, value, log_odds: logOdds }) => [
            feature,
            value === null ? null : String(value),
            three(logOdds),
          ]),
          ['mean of all rows', null, three(answer.base)],
        ],
      });
    });
}
