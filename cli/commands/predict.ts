// tidegate predict: asks the API for a prediction.
import { type Command } from 'commander';
import {
  addSubjectOptions,
  type CommandContext,
  jsonOption,
  subjectOf,
  type SubjectOptions,
} from '../shared/arguments.ts';
import { findApi } from '../shared/endpoints.ts';
import { fixed } from '../../domain/format-numbers.ts';
import { predict } from '../shared/ask-api.ts';

interface Options extends SubjectOptions {
  readonly json?: boolean;
}

/** Adds `tidegate predict <model>`. */
export function addPredict(program: Command, { config, output }: CommandContext): void {
  const command = program
    .command('predict')
    .description(
      'ask the API for a prediction, for an entity by its key, for given features, or for an entity with some features replaced',
    )
    .argument('<model>', 'name of the model');
  addSubjectOptions(command)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nExamples:\n  tidegate predict churn --key user_id=u_000123\n  tidegate predict churn --features '{"monthly_fee": 12.5}'\n  tidegate predict churn --key user_id=u_000123 --features '{"monthly_fee": 12.5}'`,
    )
    .action(async (model: string, { json, ...subject }: Options) => {
      const body = { ...subjectOf(subject), explain: true };
      const answer = await predict(await findApi(config()), model, body);
      if (json) return output.json(answer);
      for (const {
        score,
        positive,
        features_used: used = {},
        missing,
        overridden = [],
        as_of: rowTime,
      } of answer.predictions) {
        const [shownScore, shownThreshold] = fixed([score, answer.threshold], [1]);
        output.heading(`${shownScore} by version ${answer.version} of ${answer.model}`);
        output.line(`${positive ? 'yes' : 'no'}: the threshold is ${shownThreshold}`);
        if (rowTime !== undefined) output.line(`features as of ${rowTime}`);
        if (overridden.length > 0) output.line(`taken from the request: ${overridden.join(', ')}`);
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
