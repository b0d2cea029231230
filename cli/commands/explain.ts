// tidegate explain: asks the API what contributes to the score of an entity or a row.
import { type Command } from 'commander';
import {
  addSubjectOptions,
  type CommandContext,
  jsonOption,
  subjectOf,
  type SubjectOptions,
} from '../shared/arguments.ts';
import { findApi } from '../shared/endpoints.ts';
import { three } from '../output/format.ts';
import { explain } from '../shared/ask-api.ts';

interface Options extends SubjectOptions {
  readonly json?: boolean;
}

/** Adds `tidegate explain <model>`. */
export function addExplain(program: Command, { config, output }: CommandContext): void {
  const command = program
    .command('explain')
    .description('ask the API how much each feature adds to the score of an entity or a row')
    .argument('<model>', 'name of the model');
  addSubjectOptions(command)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate explain churn --key user_id=u_000123')
    .action(async (model: string, { json, ...subject }: Options) => {
      const answer = await explain(await findApi(config()), model, subjectOf(subject));
      if (json) return output.json(answer);
      output.heading(`${three(answer.score)} by version ${answer.version} of ${answer.model}`);
      if (answer.as_of !== undefined) output.line(`features as of ${answer.as_of}`);
      if (answer.score_before_calibration !== undefined) {
        output.line(
          `the log-odds add up to the score before calibration, ${three(answer.score_before_calibration)}`,
        );
      }
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
