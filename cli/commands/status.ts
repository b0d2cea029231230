// tidegate status: shows which version serves and which one waits for a decision, and the last runs of each model.
import { type Command } from 'commander';
import { type Database } from '../../store/postgres/database.ts';
import { TidegateError } from '../../domain/errors.ts';
import { getDefinition, listModels } from '../../store/definitions/definitions.ts';
import { listReports } from '../../store/registry/reports.ts';
import { listRetrains } from '../../store/registry/retrains.ts';
import { listHeldVersions } from '../../store/registry/instances.ts';
import { type OnlineRun, onlineStates } from '../../store/online/watermark.ts';
import { findVersionIn } from '../../store/registry/versions.ts';
import { type CommandContext, jsonOption } from '../shared/arguments.ts';
import { withDatabase } from '../shared/connections.ts';
import { minute } from '../output/format.ts';
import { type Output } from '../output/output.ts';
import { approveCommand, findPending, pendingJson } from '../runs/pending.ts';

/** Adds `tidegate status [model]`. */
export function addStatus(program: Command, { config, output }: CommandContext): void {
  program
    .command('status')
    .description(
      'show for each model which version serves, which one waits for a decision, and how the last runs ended',
    )
    .argument('[model]', 'name of one model (default: all)')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate status churn')
    .action((model: string | undefined, { json }: { readonly json?: boolean }) =>
      withDatabase(config(), async (database) => {
        const names = model === undefined ? await listModels(database) : [model];
        const models = await Promise.all(names.map((name) => statusOf(database, name)));
        if (json) return output.json({ models });
        if (models.length === 0)
          output.line('no model has been applied yet: run `tidegate apply models/<name>.ts`');
        models.forEach((status, index) => {
          if (index > 0) output.line();
          printStatus(output, status);
        });
      }),
    );
}

type ModelStatus = Awaited<ReturnType<typeof statusOf>>;

async function statusOf(database: Database, model: string) {
  const { version, appliedBy, appliedAt } = await getDefinition(database, model);
  const production = await findVersionIn(database, model, 'Production');
  const staging = await findVersionIn(database, model, 'Staging');
  const { pending, problem } = await pendingOf(database, model);
  const [report] = await listReports(database, model, { limit: 1 });
  const [retrain] = await listRetrains(database, model, 1);
  const held = await listHeldVersions(database, model);
  const online = await onlineStates(database, model);
  return {
    model,
    definition: { version, appliedBy, appliedAt },
    production: production?.version ?? null,
    staging: staging?.version ?? null,
    pending: pending ? pendingJson(pending) : null,
    problem,
    lastReport: report ? { id: report.id, asOf: report.asOf, summary: report.summary } : null,
    lastRetrain: retrain ? { id: retrain.id, outcome: retrain.outcome, summary: retrain.summary } : null,
    online,
    instances: held
      .filter(({ state }) => state !== 'prepared')
      .map(({ instance, version: serves, state, problem }) => ({
        instance,
        version: serves,
        state,
        problem,
      })),
  };
}

/** The version that waits for a decision. If its evidence was changed, returns that as a problem instead of failing. */
async function pendingOf(database: Database, model: string) {
  try {
    return { pending: await findPending(database, model), problem: null };
  } catch (error) {
    if (!(error instanceof TidegateError) || error.code !== 'EVIDENCE_CHANGED') throw error;
    return { pending: undefined, problem: `${error.code}: ${error.message}. ${error.remedy}` };
  }
}

function printStatus(output: Output, status: ModelStatus): void {
  const { model, definition, production, staging, pending, lastReport, lastRetrain, instances } = status;
  const serving = instances.filter(({ state }) => state === 'serving').length;
  output.heading(model);
  output.line(`  definition   ${definition.version}, applied by ${definition.appliedBy}`);
  output.line(
    `  production   ${production === null ? 'none' : `v${production}, served by ${formatInstances(serving)}`}`,
  );
  output.line(`  staging      ${describeStaging(staging, pending !== null)}`);
  output.line(
    `  last report  ${lastReport ? `${lastReport.id}: ${lastReport.summary ?? 'running'}` : 'none'}`,
  );
  output.line(
    `  last retrain ${lastRetrain ? (lastRetrain.summary ?? `${lastRetrain.id} is running`) : 'none'}`,
  );
  for (const { definitionVersion, asOf, run } of status.online) {
    output.line(
      `  online rows  definition ${definitionVersion}: ${asOf ? `complete as of ${minute(asOf)}` : 'not complete yet'}${run ? `; ${describeRun(run)}` : ''}`,
    );
  }
  for (const { instance, version, problem } of instances.filter(({ state }) => state === 'failed')) {
    output.line(`  problem      instance ${instance} could not load v${version}: ${problem}`);
  }
  if (status.problem !== null) output.line(`  problem      ${status.problem}`);
  if (pending) output.line(`  decide       ${approveCommand({ model, version: pending.version })}`);
}

/** Describes the progress of a run: 'a run as of 2024-02-29 00:00 has processed 40000 of 336000 entities, last at 10:31'. */
function describeRun({ asOf, entities, lookedAt, vanished, removed, updatedAt }: OnlineRun): string {
  const done =
    vanished === null
      ? `has processed ${lookedAt}${entities === null ? '' : ` of ${entities}`} entities`
      : `has removed ${removed} of ${vanished} rows of vanished entities`;
  return `a run as of ${minute(asOf)} ${done}, last at ${minute(updatedAt)} UTC`;
}

const formatInstances = (count: number): string =>
  count === 1 ? '1 API instance' : `${count} API instances`;

function describeStaging(version: number | null, isPending: boolean): string {
  if (version === null) return 'none';
  return isPending ? `v${version} waits for a decision` : `v${version} is being validated or promoted`;
}
