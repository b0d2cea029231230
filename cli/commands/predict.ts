// tidegate predict: asks the API for a prediction.
import { type Command, Option } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { asOfOption, jsonOption, parseKey, parseObject } from '../arguments.ts';
import { type CommandContext } from '../command-context.ts';
import { findApiUrl } from '../endpoints.ts';
import { three } from '../output/format.ts';
import { predict } from '../predict.ts';

interface Options {
  readonly key?: Record<string, string>;
  readonly features?: Record<string, unknown>;
  readonly asOf?: Date;
  readonly json?: boolean;
}

/** Adds `tidegate predict <model>`. */
export function addPredict(program: Command, { config, output }: CommandContext): void {
  program
    .command('predict')
    .description(
      'ask the API for a prediction: of an entity by its key, of features, or of an entity with some of its own',
    )
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
    .addHelpText(
      'after',
      `\nExamples:\n  tidegate predict churn --key user_id=u_000123\n  tidegate predict churn --features '{"monthly_fee": 12.5}'\n  tidegate predict churn --key user_id=u_000123 --features '{"monthly_fee": 12.5}'`,
    )
    .action(async (model: string, { key, features, asOf, json }: Options) => {
      if (!key && !features) throw new TidegateError('INVALID_REQUEST', 'give --key or --features');
      const answer = await predict(await findApiUrl(config()), model, {
        ...(key && { key }),
        ...(features && { features }),
        ...(asOf && { as_of: asOf }),
      });
      if (json) return output.json(answer);
      for (const {
        score,
        features_used: used,
        missing,
        overridden = [],
        as_of: rowTime,
      } of answer.predictions) {
        output.heading(`${three(score)} by version ${answer.version} of ${answer.model}`);
        if (rowTime !== undefined) output.line(`features as of ${rowTime}`);
        if (overridden.length > 0) output.line(`as sent with the request: ${overridden.join(', ')}`);
        output.table({
          head: ['feature', 'value'],
          rows: Object.entries(used).map(([name, value]) => [name, shown(value)]),
        });
        if (missing.length > 0) output.line(`used as missing: ${missing.join(', ')}`);
      }
    });
}

const shown = (value: number | string | boolean | null): string | null =>
  value === null ? null : String(value);
