// Assembles the command line from its commands.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { paths } from '../paths.ts';
import { excerpt } from '../domain/excerpt.ts';
import { type CommandContext } from './shared/arguments.ts';
import { addAdopt } from './commands/adopt.ts';
import { addApi } from './commands/api/api.ts';
import { addApply } from './commands/apply.ts';
import { addAudit } from './commands/audit/audit.ts';
import { addDataset } from './commands/dataset/dataset.ts';
import { addDefinition } from './commands/definition.ts';
import { addFloor } from './commands/floor.ts';
import { addBreakGlass } from './commands/break-glass.ts';
import { addCard } from './commands/card.ts';
import { addDecision } from './commands/decide.ts';
import { addDemo } from './commands/demo/demo.ts';
import { addDoctor } from './commands/doctor/doctor.ts';
import { addDrift } from './commands/drift/drift.ts';
import { addDown } from './commands/down.ts';
import { addExplain } from './commands/explain.ts';
import { addFeatures } from './commands/features/features.ts';
import { addGrant } from './commands/grant.ts';
import { addImport } from './commands/import/import.ts';
import { addKey } from './commands/key.ts';
import { addMaterialize } from './commands/materialize.ts';
import { addMigrate } from './commands/migrate.ts';
import { addMonitor } from './commands/monitor.ts';
import { addNotifications } from './commands/notifications.ts';
import { addPredict } from './commands/predict.ts';
import { addProof } from './commands/proof.ts';
import { addReport } from './commands/report.ts';
import { addRetrain } from './commands/retrain.ts';
import { addRetire } from './commands/retire.ts';
import { addRole } from './commands/role.ts';
import { addRollback } from './commands/rollback.ts';
import { addRuns } from './commands/runs.ts';
import { addSignIn } from './commands/sign-in.ts';
import { addStart } from './commands/start/start.ts';
import { addServing } from './commands/stop-serving.ts';
import { addStatus } from './commands/status.ts';
import { addTrees } from './commands/trees.ts';
import { addVersion } from './commands/version/version.ts';
import { addTag } from './commands/tag.ts';
import { addAlias } from './commands/alias.ts';
import { addComment } from './commands/comment.ts';
import { addWithdraw } from './commands/withdraw.ts';
import { addVersions } from './commands/versions.ts';
import { addWorker } from './commands/worker.ts';

const TYPED = /\b(option|command|argument) '([^']*)'/g;

/**
 * Builds the command line. It never exits the process: wrong usage throws a CommanderError, and an error of a command is
 * passed on.
 *
 * @example await buildProgram(context).parseAsync(['status', '--json'], { from: 'user' });
 */
export function buildProgram(context: CommandContext): Command {
  const program = new Command('tidegate')
    .description('Keeps a classifier in production honest: drift, retraining, evidence, approval, serving.')
    .version(versionOfTidegate(), '--version', 'print the version of Tidegate')
    .option(
      '--data <folder>',
      'folder of the embedded servers; other commands find a running `tidegate start` by this folder',
    )
    .configureHelp({ showGlobalOptions: true })
    // Usage errors quote what was typed, which may be a long text pasted by mistake.
    .configureOutput({
      outputError: (text, write) =>
        write(text.replaceAll(TYPED, (_, what: string, typed: string) => `${what} '${excerpt(typed)}'`)),
    })
    .exitOverride();

  program.commandsGroup('Start and stop:');
  addStart(program, context);
  addDemo(program, context);
  addDown(program, context);
  program.commandsGroup('Data and models:');
  addImport(program, context);
  addApply(program, context);
  addMaterialize(program, context);
  program.commandsGroup('Run the loop:');
  addMonitor(program, context);
  addRetrain(program, context);
  addDecision(program, context, 'approve');
  addDecision(program, context, 'reject');
  addDefinition(program, context);
  addGrant(program, context);
  addBreakGlass(program, context);
  addRollback(program, context);
  addServing(program, context, 'stop');
  addServing(program, context, 'start');
  addWithdraw(program, context);
  addRetire(program, context);
  program.commandsGroup('Identity:');
  addSignIn(program, context);
  addKey(program, context);
  addRole(program, context);
  addFloor(program, context);
  program.commandsGroup('Inspect:');
  addStatus(program, context);
  addRuns(program, context);
  addReport(program, context);
  addVersions(program, context);
  addVersion(program, context);
  addTag(program, context);
  addAlias(program, context);
  addComment(program, context);
  addCard(program, context);
  addDataset(program, context);
  addFeatures(program, context);
  addPredict(program, context);
  addExplain(program, context);
  addNotifications(program, context);
  addDoctor(program, context);
  addAudit(program, context);
  addProof(program, context);
  addDrift(program, context);
  program.commandsGroup('Parts of a larger installation:');
  addMigrate(program, context);
  addAdopt(program, context);
  addWorker(program, context);
  addApi(program, context);
  addTrees(program, context);
  return program;
}

function versionOfTidegate(): string {
  const manifest = readFileSync(paths.manifest, 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
