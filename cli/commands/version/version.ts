// tidegate version: imports a version, or verifies one.
import { type Command } from 'commander';
import { type CommandContext } from '../../shared/arguments.ts';
import { addVersionImport } from './import.ts';
import { addVersionVerify } from './verify.ts';

/** Adds `tidegate version import` and `tidegate version verify`. */
export function addVersion(program: Command, context: CommandContext): void {
  const version = program.command('version').description('import a version, or verify one');
  addVersionImport(version, context);
  addVersionVerify(version, context);
}
