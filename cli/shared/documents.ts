// Answers as documents: the options that ask for one, and where it is written.
import { writeFile } from 'node:fs/promises';
import { Option } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { type Output } from '../output/output.ts';
import { parseText } from './arguments.ts';

/** `--html`. */
export const htmlOption = (): Option =>
  new Option('--html', 'write one HTML file that needs no script and no network').conflicts([
    'json',
    'markdown',
  ]);

/** `--markdown`. */
export const markdownOption = (): Option => new Option('--markdown', 'write Markdown').conflicts(['json']);

/** `--out <file>`. */
export const outOption = (): Option =>
  new Option('--out <file>', 'where --html and --markdown write (default: standard output)').argParser(
    parseText,
  );

/**
 * Writes a document to a file, or to standard output if none is named.
 *
 * @throws TidegateError INVALID_REQUEST if the file cannot be written
 */
export async function writeFileOrOutput(
  output: Output,
  text: string,
  file: string | undefined,
): Promise<void> {
  if (file === undefined) {
    output.line(text.trimEnd());
    return;
  }
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new TidegateError('INVALID_REQUEST', `${file} cannot be written: ${(cause as Error).message}`, {
      remedy: 'Name a file in a folder that exists and that you may write to.',
      cause,
    });
  }
  output.line(`wrote ${file}`);
}
