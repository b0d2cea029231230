// How the story ends: a table of what it came to, and the places to look.
import { day, interval, three } from '../../output/format.ts';
import { type Output, type Table } from '../../output/output.ts';
import { type Services } from '../../shared/connections.ts';
import { type VersionRow, versionRows } from '../../output/version-rows.ts';
import { workflowIds } from '../../../workflows/protocol/messages.ts';
import { type Asked, MODEL, type Scene, SUBSCRIBER } from './story.ts';
import { monthEnds } from './months.ts';

/** Where to look once the story is told. */
export interface Places {
  /** Of Temporal's web UI. */
  readonly uiUrl: string | undefined;
  readonly apiUrl: string;
  /** The data folder, as commands are given it. */
  readonly folder: string;
}

/** What the story came to. */
export interface Ending {
  readonly before: Asked;
  readonly after: Asked;
  /** Number of the report on the second month. */
  readonly reportId: number;
}

/** Prints the table and the places to look, each as it is reached there. */
export async function tellEnding(
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

/** One row a version, oldest first: its AUC on the same holdout subscribers in either month, and what it said. */
export function endingTable(
  versions: readonly VersionRow[],
  { before, after }: Pick<Ending, 'before' | 'after'>,
): Table {
  const rows = [...versions]
    .sort((a, b) => a.version - b.version)
    .map((row): string[] => {
      const heir = versions.find(({ champion }) => champion?.version === row.version);
      const onFirst = row.champion === null ? row.auc : null;
      const onSecond = row.champion === null ? heir?.champion?.auc : row.auc;
      const said = [before, after].find(({ version }) => version === row.version);
      return [
        `v${row.version}`,
        row.stage,
        `month to ${day(row.trainedOn.to)}`,
        interval(onFirst) ?? '',
        interval(onSecond) ?? '',
        row.moved?.actor ?? '',
        said ? `${three(said.score)}` : '',
      ];
    });
  return {
    head: [
      'version',
      'stage',
      'trained on',
      `AUC ${day(monthEnds[0])}`,
      `AUC ${day(monthEnds[1])}`,
      'on the word of',
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
    ['API docs', `${apiUrl}/docs`],
    ['the report', `npx tidegate report ${MODEL} ${reportId} --data ${folder}`],
  ] as const;
}
