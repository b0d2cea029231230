// tidegate audit: verifies, signs and exports the audit log.
import { type Command } from 'commander';
import { type CommandContext } from '../../shared/arguments.ts';
import { addAuditAt } from './at.ts';
import { addAuditExport } from './export.ts';
import { addAuditKeys } from './keys.ts';
import { addAuditVerify } from './verify.ts';

/** Adds `tidegate audit` with its commands. */
export function addAudit(program: Command, context: CommandContext): void {
  const audit = program.command('audit').description('verify, sign and export the record of who did what');
  addAuditVerify(audit, context);
  addAuditKeys(audit, context);
  addAuditExport(audit, context);
  addAuditAt(audit, context);
}
