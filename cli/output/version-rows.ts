// The versions of a model with the facts that the command line shows about each.
import { type Tuning } from '../../domain/learning/choose-recipe.ts';
import { type Interval } from '../../domain/data/math/interval.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDataset } from '../../store/registry/dataset.ts';
import { findComparison } from '../../store/registry/comparisons.ts';
import { listTransitions, type Transition } from '../../store/registry/verify-chain.ts';
import { listVersions, readTuning, type Version } from '../../store/registry/versions.ts';

/** A version with its training data, its comparison, and its last stage move. */
export interface VersionRow extends Omit<Version, 'datasetId'> {
  readonly trainedOn: { readonly from: Date; readonly to: Date; readonly rows: number };
  /** The recipes that were tried, the chosen one, and why; null for versions that were trained before recipes existed. */
  readonly tuning: Tuning | null;
  /** Its AUC on the holdout rows of its evaluation window; null before the comparison. */
  readonly auc: Interval | null;
  /** The champion that it was compared with, and the champion's AUC on those rows; null if compared with the class prior. */
  readonly champion: { readonly version: number; readonly auc: Interval } | null;
  readonly difference: (Interval & { readonly p: number }) | null;
  /** The stage move that brought the version to its current stage; null in stage None. */
  readonly moved: Pick<Transition, 'reason' | 'detail' | 'actor' | 'authority' | 'at'> | null;
}

/** Returns the versions of a model, newest first. */
export async function versionRows(database: Database, model: string): Promise<VersionRow[]> {
  const transitions = await listTransitions(database, model);
  const versions = await listVersions(database, model);
  return Promise.all(versions.map((version) => versionRow(database, version, transitions)));
}

async function versionRow(
  database: Database,
  { datasetId, ...version }: Version,
  transitions: readonly Transition[],
): Promise<VersionRow> {
  const { window, rows } = await getDataset(database, datasetId);
  const comparison = await findComparison(database, version.model, version.version);
  const body = comparison?.body;
  const last = transitions.findLast((transition) => transition.version === version.version);
  const championVersion = comparison?.championVersion ?? null;
  return {
    ...version,
    trainedOn: { ...window, rows },
    tuning: await readTuning(database, version.model, version.version),
    auc: body?.candidate.auc ?? null,
    champion: body && championVersion !== null ? { version: championVersion, auc: body.champion.auc } : null,
    difference: body?.difference ?? null,
    moved: last
      ? {
          reason: last.reason,
          detail: last.detail,
          actor: last.actor,
          authority: last.authority,
          at: last.at,
        }
      : null,
  };
}
