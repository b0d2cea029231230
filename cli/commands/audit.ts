// tidegate audit: the recorded history of models.
import { type Command } from 'commander';
import { type CommandContext } from '../command-context.ts';
import { addAuditVerify } from './audit/verify.ts';

/** Adds `tidegate audit` with its commands. */
export function addAudit(program: Command, context: CommandContext): void {
  const audit = program.command('audit').description('check the recorded history of models');
  addAuditVerify(audit, context);
}
