// Whom a question to the API is about: an entity, a row of features, or an entity with some features of its own.
import { type Command, Option } from 'commander';
import { TidegateError } from '../domain/errors.ts';
import { asOfOption, parseKey, parseObject } from './arguments.ts';

/** What the options of `addSubjectOptions` give. */
export interface SubjectOptions {
  readonly key?: Record<string, string>;
  readonly features?: Record<string, unknown>;
  readonly asOf?: Date;
}

/** Adds `--key`, `--features` and `--as-of`. */
export const addSubjectOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('--key <column=value>', 'a key column of the entity; again for each').argParser(parseKey),
    )
    .addOption(
      new Option(
        '--features <json>',
        'features as a JSON object; with a key they stand in place of those stored',
      ).argParser(parseObject),
    )
    .addOption(asOfOption('row time of features without a key; now where left out').conflicts('key'));

/**
 * The subject as the API reads it.
 *
 * @throws TidegateError INVALID_REQUEST where neither a key nor features are given
 */
export function subjectOf({ key, features, asOf }: SubjectOptions) {
  if (!key && !features) throw new TidegateError('INVALID_REQUEST', 'give --key or --features');
  return { ...(key && { key }), ...(features && { features }), ...(asOf && { as_of: asOf }) };
}
