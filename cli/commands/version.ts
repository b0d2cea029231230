// tidegate version: one version of a model, looked into.
import { type Command } from 'commander';
import { type CommandContext } from '../command-context.ts';
import { addVersionVerify } from './version/verify.ts';

/** Adds `tidegate version verify`. */
export function addVersion(program: Command, context: CommandContext): void {
  const version = program.command('version').description('look into one version of a model');
  addVersionVerify(version, context);
}
