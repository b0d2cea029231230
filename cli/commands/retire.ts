// tidegate retire: ends everything that a model does by itself.
import { setTimeout as delay } from 'node:timers/promises';
import { type Command } from 'commander';
import { type Client } from '@temporalio/client';
import { type Database } from '../../store/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { removeUnusedRows } from '../../store/online/remove-unused-rows.ts';
import { archive } from '../../store/versions/archive.ts';
import { findVersionIn } from '../../store/versions/versions.ts';
import { refuseForeignSchedules } from '../../worker/schedule-owners.ts';
import { workflowIds } from '../../workflows/contracts.ts';
import { byOption, jsonOption } from '../arguments.ts';
import { type CommandContext } from '../command-context.ts';
import { type Services, withServices } from '../connections.ts';
import { type Say } from '../runs/follow-run.ts';
import { removeSchedule } from '../schedule.ts';

/** How long open runs may take to end, in milliseconds. */
const ENDED_WITHIN_MS = 30_000;

interface Options {
  readonly by: string;
  readonly json?: boolean;
}

interface Retired {
  /** Runs that were open and have ended. */
  readonly ended: readonly string[];
  /** Runs that were asked to end and have not yet. */
  readonly stillOpen: readonly string[];
  /** The version that left Staging. */
  readonly withdrawn: number | null;
  /** Definitions whose online rows are gone. */
  readonly onlineRowsOf: readonly number[];
  /** The version that stays in Production. */
  readonly production: number | null;
}

/** Adds `tidegate retire <model>`. */
export function addRetire(program: Command, { config, output }: CommandContext): void {
  program
    .command('retire')
    .description('end what a model does by itself: schedules, open runs, its place in Staging, online rows')
    .argument('<model>', 'name of the model')
    .addOption(byOption('who asks'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nVersions, reports and decisions stay, and so does the version in Production, which a new one alone replaces.' +
        '\n`tidegate apply` brings the model back.\n\nExample:\n  tidegate retire churn --by grace',
    )
    .action((model: string, { by, json }: Options) =>
      withServices(config(), async (services) => {
        const retired = await retire(services, model, by, (text) => output.progress(text));
        if (json) return output.json({ model, ...retired });
        for (const line of linesOf(model, retired)) output.line(line);
      }),
    );
}

async function retire(
  { client, database, installation }: Services,
  model: string,
  by: string,
  say: Say,
): Promise<Retired> {
  await getDefinition(database, model);
  await refuseForeignSchedules(client, model, installation);
  // First, so that nothing starts while the rest ends.
  await removeSchedule(client, workflowIds.monitor(model));
  await removeSchedule(client, workflowIds.materialize(model));
  const staged = await findVersionIn(database, model, 'Staging');
  const runs = await openRuns(client, model, staged?.version);
  for (const id of runs) await client.workflow.getHandle(id).cancel();
  if (runs.length > 0) say(`waiting for ${runs.join(', ')} to end`);
  const stillOpen = await untilEnded(client, runs);
  const withdrawn = staged ? await leaveStaging(database, model, staged.version, by, stillOpen) : null;
  const production = await findVersionIn(database, model, 'Production');
  return {
    ended: runs.filter((id) => !stillOpen.includes(id)),
    stillOpen,
    withdrawn,
    onlineRowsOf: await removeUnusedRows(database, model, { evenInUse: true }),
    production: production?.version ?? null,
  };
}

/** The runs that a model may have open; asked for by id, because lists of runs lag behind. */
async function openRuns(client: Client, model: string, staged: number | undefined): Promise<string[]> {
  const ids = [
    workflowIds.monitor(model),
    workflowIds.materialize(model),
    workflowIds.retrain(model),
    ...(staged === undefined ? [] : [workflowIds.release(model, staged)]),
  ];
  // Scheduled runs have the time in their id, and are found in the list alone.
  const listed = client.workflow.list({
    query: `TidegateModel = '${model}' and ExecutionStatus = 'Running'`,
  });
  for await (const { workflowId } of listed) if (!ids.includes(workflowId)) ids.push(workflowId);
  const open = await Promise.all(ids.map((id) => isOpen(client, id)));
  return ids.filter((_, index) => open[index]);
}

async function untilEnded(client: Client, ids: readonly string[]): Promise<string[]> {
  const deadline = performance.now() + ENDED_WITHIN_MS;
  for (;;) {
    const open = await Promise.all(ids.map((id) => isOpen(client, id)));
    const left = ids.filter((_, index) => open[index]);
    if (left.length === 0 || performance.now() > deadline) return left;
    await delay(200);
  }
}

const isOpen = (client: Client, id: string): Promise<boolean> =>
  client.workflow
    .getHandle(id)
    .describe()
    .then(
      ({ status }) => status.name === 'RUNNING',
      (error: Error) => {
        if (error.name !== 'WorkflowNotFoundError') throw error;
        return false;
      },
    );

/** A release that ends withdraws its version itself; where none is open, it is done here. */
async function leaveStaging(
  database: Database,
  model: string,
  version: number,
  by: string,
  stillOpen: readonly string[],
): Promise<number | null> {
  if (stillOpen.includes(workflowIds.release(model, version))) return null;
  const authority = {
    actor: by,
    authority: 'unverified',
    evidenceDigest: null,
    workflowId: 'tidegate retire',
    runId: '',
  };
  await archive(database, model, version, authority, 'withdrawn', `the model was retired by ${by}`);
  const { version: left } = (await findVersionIn(database, model, 'Staging')) ?? {};
  return left === version ? null : version;
}

function linesOf(
  model: string,
  { ended, stillOpen, withdrawn, onlineRowsOf, production }: Retired,
): string[] {
  const definitions = onlineRowsOf.length === 1 ? 'definition' : 'definitions';
  return [
    `${model} is retired: it is monitored and materialized no more`,
    ...(ended.length > 0 ? [`ended: ${ended.join(', ')}`] : []),
    ...(withdrawn === null ? [] : [`version ${withdrawn} has left Staging`]),
    ...(onlineRowsOf.length > 0
      ? [`removed the online rows of ${definitions} ${onlineRowsOf.join(', ')}`]
      : []),
    ...(production === null
      ? []
      : [`version ${production} stays in Production and answers requests that send features`]),
    ...(stillOpen.length > 0
      ? [`not ended yet: ${stillOpen.join(', ')}; they end when a worker runs, then retire ${model} again`]
      : []),
  ];
}
