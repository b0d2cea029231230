// Proves that no evaluation cluster was used in training, and that no training label became known too late.
import { type LeakProof, type TrainedOn, type UnprovenVersion } from '../domain/decisions/leak-proof.ts';
import { type Database } from '../store/postgres/database.ts';
import { getDataset } from '../store/registry/dataset.ts';
import { ClusterSet, markTrained } from '../store/datasets/trained-clusters.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { labelTimes } from '../store/join/label-times.ts';
import { type Version } from '../store/registry/versions.ts';
import { type Evaluation } from './evaluation.ts';

/** A proof, and the number of distinct evaluation clusters on which at least one of the versions was trained. */
export interface Proved {
  readonly proof: LeakProof;
  readonly leakedClusters: number;
}

/**
 * Intersects the evaluation clusters with the training clusters of each version, and looks up when labels became known.
 */
export async function proveLeaks(
  database: Database,
  evaluation: Evaluation,
  candidate: Version,
  champion: Version | null,
): Promise<Proved> {
  const { definition } = await getDefinition(database, candidate.model, candidate.definitionVersion);
  // The cluster keys are the same for all versions of a model.
  const clusters = new ClusterSet(definition);
  clusters.add(evaluation.keys, evaluation.rows);
  const { times } = evaluation.frame;
  const leaked = new Uint8Array(clusters.size);
  const versions: TrainedOn[] = [];
  const unproven: UnprovenVersion[] = [];
  const roles = [
    { version: candidate, role: 'candidate' as const },
    ...(champion ? [{ version: champion, role: 'champion' as const }] : []),
  ];
  for (const { version, role } of roles) {
    if (version.unproven) {
      unproven.push({ version: version.version, role });
      continue;
    }
    const dataset = await getDataset(database, version.datasetId);
    const shared = new Uint8Array(clusters.size);
    await markTrained(database, dataset, clusters, shared);
    shared.forEach((mark, cluster) => (leaked[cluster]! |= mark));
    const own = await getDefinition(database, version.model, version.definitionVersion);
    const known = await labelTimes(database, own.definition, dataset);
    const end = BigInt(dataset.window.to.getTime()) * 1_000n;
    versions.push({
      version: version.version,
      role,
      datasetDigest: dataset.digest,
      window: { from: dataset.window.from.toISOString(), to: dataset.window.to.toISOString() },
      labelsKnownBy: dataset.asKnownAt.toISOString(),
      trainingRows: dataset.trainingRows,
      sharedClusters: count(shared),
      newestLabelKnown: known?.newestKnown?.toISOString() ?? null,
      lateLabels: known && Math.max(0, dataset.trainingRows - known.knownInTime),
      laterRows: times.reduce((later, time) => (time > end ? later + 1 : later), 0),
    });
  }
  return {
    proof: {
      evaluation: evaluatedOn(evaluation, clusters.size),
      versions,
      ...(unproven.length > 0 && { unproven }),
    },
    leakedClusters: count(leaked),
  };
}

const count = (marks: Uint8Array): number => marks.reduce((sum, mark) => sum + mark, 0);

function evaluatedOn({ dataset, frame }: Evaluation, clusters: number): LeakProof['evaluation'] {
  let [first, last] = [frame.times[0] ?? 0n, frame.times[0] ?? 0n];
  for (const time of frame.times) {
    if (time < first) first = time;
    if (time > last) last = time;
  }
  const instant = (micros: bigint): string => new Date(Number(micros / 1_000n)).toISOString();
  return {
    clusters,
    firstRow: instant(first),
    lastRow: instant(last),
    labelsKnownBy: dataset.asKnownAt.toISOString(),
  };
}
