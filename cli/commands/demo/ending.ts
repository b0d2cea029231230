// Prints the end of the demo: a table that compares the versions, and addresses and commands for a closer look.
import { day, interval, three } from '../../output/format.ts';
import { type Output, type Table } from '../../output/output.ts';
import { type Services } from '../../shared/connections.ts';
import { type VersionRow, versionRows } from '../../output/version-rows.ts';
import { workflowIds } from '../../../workflows/protocol/messages.ts';
import { type Asked, MODEL, type Scene, SUBSCRIBER } from './story.ts';
import { monthEnds } from './months.ts';

/** Addresses that are printed at the end. */
export interface Places {
  /** Address of Temporal's web UI. */
  readonly uiUrl: string | undefined;
  readonly apiUrl: string;
  /** The data folder, as `--data` accepts it. */
  readonly folder: string;
}

/** Predictions for {@link SUBSCRIBER} before and after the second version, and the report in between. */
export interface Ending {
  readonly before: Asked;
  readonly after: Asked;
  /** Number of the report on the second month. */
  readonly reportId: number;
}

/** Prints the table, then one line for each address or command. */
export async function printEnding(
  output: Output,
  { services }: Scene,
  ending: Ending,
  places: Places,
): Promise<void> {
  output.line();
  output.table(endingTable(await versionRows(services.database, MODEL), ending));
  output.line();
  for (const [what, at] of await listPlaces(services, ending, places))
    output.line(`${what.padEnd(17)} ${at}`);
}

/**
 * Builds one row per version, oldest first: its AUC on the holdout of each month, and the score that it predicted for
 * the subscriber whom the demo follows ({@link SUBSCRIBER}).
 */
export function endingTable(
  versions: readonly VersionRow[],
  { before, after }: Pick<Ending, 'before' | 'after'>,
): Table {
  const rows = [...versions]
    .sort((a, b) => a.version - b.version)
    .map((row): string[] => {
      const successor = versions.find(({ champion }) => champion?.version === row.version);
      const onFirst = row.champion === null ? row.auc : null;
      const onSecond = row.champion === null ? successor?.champion?.auc : row.auc;
      const prediction = [before, after].find(({ version }) => version === row.version);
      return [
        `v${row.version}`,
        row.stage,
        `month to ${day(row.trainedOn.to)}`,
        interval(onFirst) ?? '',
        interval(onSecond) ?? '',
        row.moved?.actor ?? '',
        prediction ? `${three(prediction.score)}` : '',
      ];
    });
  return {
    head: [
      'version',
      'stage',
      'trained on',
      `AUC ${day(monthEnds[0])}`,
      `AUC ${day(monthEnds[1])}`,
      'approved by',
      `user ${SUBSCRIBER}`,
    ],
    rows,
  };
}

async function listPlaces(
  { client, endpoints }: Services,
  { after, reportId }: Ending,
  { uiUrl, apiUrl, folder }: Places,
) {
  const { namespace } = endpoints.temporal;
  const runs = [
    workflowIds.monitor(MODEL),
    workflowIds.retrain(MODEL),
    workflowIds.release(MODEL, after.version),
  ];
  const links = await Promise.all(
    runs.map(async (id): Promise<[string, string]> => {
      const { runId } = await client.workflow.getHandle(id).describe();
      return [id, `${uiUrl}/namespaces/${namespace}/workflows/${encodeURIComponent(id)}/${runId}/history`];
    }),
  );
  return [
    ...links,
    ['API docs', `${apiUrl}/ui/docs`],
    ['the report', `npx tidegate report ${MODEL} ${reportId} --data ${folder}`],
  ] as const;
}
