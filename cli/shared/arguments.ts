// Parsers for arguments and options, and options that several commands share. A wrong value ends with exit code 2.
import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { nameProblem, printableName, textProblem } from '../../domain/decisions/written-text.ts';
import { span } from '../../domain/model/parts/schema-parts.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Config } from './config.ts';
import { type Output } from '../output/output.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})$/;

/**
 * Parses a day (midnight UTC) or an instant with its offset.
 *
 * @throws InvalidArgumentError for anything else, and for days that do not exist
 * @example parseInstant('2024-02-29') // 2024-02-29T00:00:00Z
 */
export function parseInstant(text: string): Date {
  const instant = DAY.test(text) || INSTANT.test(text) ? new Date(text) : new Date(NaN);
  // JavaScript parses 2024-02-30 as 1 March.
  const isReal =
    !Number.isNaN(instant.getTime()) &&
    instant.getUTCFullYear() >= 1 &&
    (!DAY.test(text) || instant.toISOString().startsWith(text));
  if (!isReal)
    throw new InvalidArgumentError(
      'Write a day such as 2024-02-29, or an instant such as 2024-02-29T06:00:00Z.',
    );
  return instant;
}

/** Parses the number of a version or report, with or without a leading "v". @example parseNumber('v2') // 2 */
export function parseNumber(text: string): number {
  const number = /^v?\d{1,9}$/.test(text) ? Number(text.replace('v', '')) : 0;
  if (number < 1) throw new InvalidArgumentError('Write a whole number, 1 or greater.');
  return number;
}

/** Parses a JSON object. @example parseObject('{"plan": "basic"}') */
export function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Rejected below, like any other text that is not an object.
  }
  throw new InvalidArgumentError(`Write a JSON object, such as '{"monthly_fee": 12.5}'.`);
}

/** Parses `column=value` and adds it to earlier ones. @example parseKey('user_id=u_1', {}) // { user_id: 'u_1' } */
export function parseKey(text: string, earlier: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write column=value, such as user_id=u_000123.');
  return { ...earlier, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Parses a text that is not blank. @example parseText(' grace ') // 'grace' */
export function parseText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Write a text that is not blank.');
  return text.trim();
}

/** Parses the name of a person: one printable line. @example parseName(' grace ') // 'grace' */
export function parseName(text: string): string {
  const problem = nameProblem('It', text.trim());
  if (problem !== undefined) throw new InvalidArgumentError(`${problem}.`);
  return text.trim();
}

/** Parses a comment or reason, which may have several lines. */
export function parseComment(text: string): string {
  const problem = textProblem('It', text);
  if (problem !== undefined) throw new InvalidArgumentError(`${problem}.`);
  return text.trim();
}

/** Parses a reason that is not blank. @throws InvalidArgumentError */
export const parseReason = (text: string): string => parseComment(parseText(text));

/** Parses a number of rows from 1 to 1,000. @example parseLimit('20') // 20 */
export function parseLimit(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > 1_000) throw new InvalidArgumentError('Write a whole number from 1 to 1000.');
  return limit;
}

/** Parses a duration longer than zero. @example parseSpan('45 days') */
export function parseSpan(text: string): string {
  const { success } = span.safeParse(text);
  if (!success)
    throw new InvalidArgumentError('Write a duration such as "6 hours", "45 days", "1 month" or "1 year".');
  return text;
}

/** The name of the user who runs this process. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have no name, only a number.
    return process.env['USER'] ?? 'unknown';
  }
}

/** The name of the person at this machine, as one printable line: the default of `--by`, and the admin of a new data folder. */
export const localPerson = (): string => printableName(systemUser());

/** `--json`, for commands that print an answer. */
export const jsonOption = (): Option => new Option('--json', 'print the answer as one JSON document');

/** `--definition <version>`. */
export const definitionOption = (): Option =>
  new Option('--definition <version>', 'a definition version (default: the newest)').argParser(parseNumber);

/** `--as-of <instant>`. */
export const asOfOption = (description: string): Option =>
  new Option('--as-of <instant>', description).argParser(parseInstant);

/** `--by <name>`, for an API that does not authenticate its callers. */
export const byOption = (description: string): Option =>
  new Option(
    '--by <name>',
    `${description}; only if the API has TIDEGATE_AUTH=off, otherwise your key says who you are`,
  ).argParser(parseName);

/** The claimed name of a request, if `--by` was given. */
export const claimedBy = (by: string | undefined): { requestedBy?: string } =>
  by === undefined ? {} : { requestedBy: by };

/** `--by <name>` of a command that writes to the database itself; the default is the name of the system user. */
export const recordedByOption = (description: string): Option =>
  new Option('--by <name>', description).argParser(parseName).default(localPerson());

/** The values of the options that `addSubjectOptions` adds. */
export interface SubjectOptions {
  readonly key?: Record<string, string>;
  readonly features?: Record<string, unknown>;
  readonly asOf?: Date;
}

/** Adds `--key`, `--features` and `--as-of`. */
export const addSubjectOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--key <column=value>',
        'a key column of the entity; repeat it for each key column',
      ).argParser(parseKey),
    )
    .addOption(
      new Option(
        '--features <json>',
        'features as a JSON object; if a key is given too, they replace its stored features',
      ).argParser(parseObject),
    )
    .addOption(asOfOption('row time of features without a key (default: now)').conflicts('key'));

/**
 * Builds the request body for the API.
 *
 * @throws TidegateError INVALID_REQUEST if neither a key nor features are given
 */
export function subjectOf({ key, features, asOf }: SubjectOptions) {
  if (!key && !features) throw new TidegateError('INVALID_REQUEST', 'neither --key nor --features was given');
  return { ...(key && { key }), ...(features && { features }), ...(asOf && { as_of: asOf }) };
}

/** Settings and output of one invocation of the command line. */
export interface CommandContext {
  /** Returns the settings. Reads them at the first call, so that `--help` needs none. @throws TidegateError BAD_CONFIG */
  readonly config: () => Config;
  readonly output: Output;
}

/** `--future`. */
export const futureOption = (): Option =>
  new Option('--future', 'accept an instant in the future; without this option it is refused');
