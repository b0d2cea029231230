// tidegate version: one version of a model, brought in or looked into.
import { type Command } from 'commander';
import { type CommandContext } from '../../shared/arguments.ts';
import { addVersionImport } from './import.ts';
import { addVersionVerify } from './verify.ts';

/** Adds `tidegate version import` and `tidegate version verify`. */
export function addVersion(program: Command, context: CommandContext): void {
  const version = program.command('version').description('bring a version in, or look into one');
  addVersionImport(version, context);
  addVersionVerify(version, context);
}
