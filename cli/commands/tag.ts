// tidegate tag: sets and removes tags of a model or version, and describes it.
import { type Command } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { type CommandContext, jsonOption, parseKey, parseNumber } from '../shared/arguments.ts';
import { askApi } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';

interface Options {
  readonly set?: Record<string, string>;
  readonly unset?: string[];
  readonly of?: number;
  readonly description?: string;
  readonly json?: boolean;
}

interface Facts {
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string;
}

/** Adds `tidegate tag <model>`. */
export function addTag(program: Command, { config, output }: CommandContext): void {
  program
    .command('tag')
    .description('set or remove tags of a model or of one version, and describe it')
    .argument('<model>', 'name of the model')
    .option('--set <key=value>', 'a tag to set; may be repeated', parseKey)
    .option('--unset <key>', 'a tag to remove; may be repeated', (key: string, keys: string[] = []) => [
      ...keys,
      key,
    ])
    .option('--of <version>', 'the version (default: the model itself)', parseNumber)
    .option('--description <text>', 'the description; an empty text removes it')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate tag churn --set team=growth --unset owner')
    .action(async (model: string, { set = {}, unset = [], of, description, json }: Options) => {
      const tags = { ...set, ...Object.fromEntries(unset.map((key) => [key, null])) };
      const subject = of === undefined ? {} : { version: of };
      const api = await findApi(config());
      let facts: Facts | undefined;
      if (Object.keys(tags).length > 0) {
        facts = await askApi<Facts>(api, 'POST', ['models', model, 'tags'], { ...subject, tags });
      }
      if (description !== undefined) {
        facts = await askApi<Facts>(api, 'POST', ['models', model, 'description'], {
          ...subject,
          description,
        });
      }
      if (!facts) {
        throw new TidegateError('INVALID_REQUEST', 'there is nothing to set', {
          remedy: 'Add --set <key=value>, --unset <key> or --description <text>.',
        });
      }
      if (json) return output.json(facts);
      if (facts.description !== '') output.line(facts.description);
      output.table({ head: ['tag', 'value'], rows: Object.entries(facts.tags) });
    });
}
