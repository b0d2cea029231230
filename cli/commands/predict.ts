// tidegate predict: asks the API for a prediction.
import { type Command, Option } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { jsonOption, parseKey, parseObject } from '../arguments.ts';
import { type CommandContext } from '../command-context.ts';
import { findApiUrl } from '../endpoints.ts';
import { three } from '../output/format.ts';
import { predict } from '../predict.ts';

interface Options {
  readonly key?: Record<string, string>;
  readonly features?: Record<string, unknown>;
  readonly json?: boolean;
}

/** Adds `tidegate predict <model>`. */
export function addPredict(program: Command, { config, output }: CommandContext): void {
  program
    .command('predict')
    .description('ask the API for a prediction: of an entity by its key, or of features')
    .argument('<model>', 'name of the model')
    .addOption(
      new Option('--key <column=value>', 'a key column of the entity; again for each').argParser(parseKey),
    )
    .addOption(
      new Option('--features <json>', 'features as a JSON object').argParser(parseObject).conflicts('key'),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nExamples:\n  tidegate predict churn --key user_id=u_000123\n  tidegate predict churn --features '{"monthly_fee": 12.5}'`,
    )
    .action(async (model: string, { key, features, json }: Options) => {
      if (!key && !features) throw new TidegateError('INVALID_REQUEST', 'give --key or --features');
      const answer = await predict(await findApiUrl(config()), model, key ? { key } : { features });
      if (json) return output.json(answer);
      for (const { score, features_used: used, missing, as_of: asOf } of answer.predictions) {
        output.heading(`${three(score)} by version ${answer.version} of ${answer.model}`);
        if (asOf !== undefined) output.line(`features as of ${asOf}`);
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
