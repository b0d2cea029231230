// Everything that the registry shows about one version besides its card: where it comes from, what people wrote, its watch.
import { digestOf } from '../domain/canonical-json.ts';
import { type Database } from './postgres/database.ts';
import { getDefinition } from './definitions/definitions.ts';
import { findComparison } from './registry/comparisons.ts';
import { getDataset } from './registry/dataset.ts';
import { evidenceDigestOf } from './registry/evidence.ts';
import { type Facts, readFacts } from './registry/facts.ts';
import { getRetrain } from './registry/retrains.ts';
import { listTransitions } from './registry/verify-chain.ts';
import { getVersion, readTrainedOn, type Version } from './registry/versions.ts';
import { findWatch, type Watch } from './registry/watches.ts';

/** A run that made or moved a version. */
interface RunRef {
  readonly workflowId: string;
  readonly runId: string;
}

/** Where a version comes from. */
export interface Lineage {
  readonly definition: { readonly version: number; readonly digest: string };
  readonly dataset: {
    readonly id: number;
    readonly digest: string;
    readonly from: Date;
    readonly to: Date;
    readonly rows: number;
    /** When retention deleted its rows; null while they exist. */
    readonly expiredAt: Date | null;
  };
  readonly trainer: string;
  /** Release and git revision of the code that trained it; null if that was not recorded. */
  readonly code: string | null;
  readonly platform: string | null;
  readonly retrain: RunRef & {
    readonly id: string;
    readonly trigger: string;
    /** The person of a grant, `schedule` or `unverified`. */
    readonly requestedBy: string;
    /** The name that an unverified request gave; null if it gave none. */
    readonly claimedBy: string | null;
    /** The report that led to it; null if a person asked for it. */
    readonly reportId: number | null;
  };
  /** The champion that it was compared with and may replace; null for the first version, or before the comparison. */
  readonly parent: number | null;
  readonly evidenceDigest: string | null;
  /** The runs that moved it between stages, oldest first. */
  readonly runs: readonly RunRef[];
}

/** One version with its lineage. */
export interface VersionDetail extends Version, Facts {
  readonly lineage: Lineage;
  readonly watch: Watch | null;
}

/** Gathers what is recorded about a version. @throws TidegateError UNKNOWN_MODEL, UNKNOWN_VERSION */
export async function versionDetail(
  database: Database,
  model: string,
  version: number,
): Promise<VersionDetail> {
  await getDefinition(database, model);
  const registered = await getVersion(database, model, version);
  const definition = await getDefinition(database, model, registered.definitionVersion);
  const dataset = await getDataset(database, registered.datasetId);
  const retrain = await getRetrain(database, registered.retrainId);
  const run = await database.kysely
    .selectFrom('tidegate.retrain')
    .select(['workflowId', 'runId'])
    .where('id', '=', registered.retrainId)
    .executeTakeFirstOrThrow();
  const comparison = await findComparison(database, model, version);
  const trainedOn = await readTrainedOn(database, model, version);
  const moves = (await listTransitions(database, model)).filter((move) => move.version === version);
  const runs = new Map(
    moves.map(({ workflowId, runId }) => [`${workflowId}\n${runId}`, { workflowId, runId }]),
  );
  return {
    ...registered,
    ...(await readFacts(database, model)).of({ model, version }),
    lineage: {
      definition: { version: registered.definitionVersion, digest: digestOf(definition.definition) },
      dataset: {
        id: dataset.id,
        digest: dataset.digest,
        from: dataset.window.from,
        to: dataset.window.to,
        rows: dataset.rows,
        expiredAt: dataset.expiredAt,
      },
      trainer: registered.trainer,
      code: trainedOn?.code ?? null,
      platform: trainedOn && `${trainedOn.os} ${trainedOn.arch}, Node ${trainedOn.nodeMajor}`,
      retrain: {
        id: retrain.id,
        trigger: retrain.trigger,
        requestedBy: retrain.requestedBy,
        claimedBy: retrain.claimedBy,
        reportId: retrain.reportId,
        ...run,
      },
      parent: comparison?.championVersion ?? null,
      evidenceDigest: await evidenceDigestOf(database, model, version),
      runs: [...runs.values()],
    },
    watch: (await findWatch(database, { model, version })) ?? null,
  };
}
