// Past windows of a model: those in stored reports, and further ones that are measured now against the champion.
import { type PastWindow } from '../../domain/drift/calibration/calibrate.ts';
import { driftPolicyOf } from '../../domain/drift/drift-policy.ts';
import { decodeReference } from '../../domain/data/profile/profile-codec.ts';
import { judgeWindow } from '../../domain/drift/verdict.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Window } from '../../domain/model/window.ts';
import { type Database } from '../postgres/database.ts';
import { chunkRowsFor, type FreezeControl, joinChunks, planWindowJoin } from '../datasets/join-chunks.ts';
import { getDefinition } from '../definitions/definitions.ts';
import { findVersionIn, readReference } from '../registry/versions.ts';
import { type DriftPart } from '../../domain/decisions/report.ts';
import { type FeatureReference } from '../../domain/data/profile/feature-reference.ts';
import { type WindowProfile } from '../../domain/data/profile/window-profile.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { DatasetTable } from '../datasets/dataset-table.ts';
import { inSnapshot, labelsKnownBy } from '../postgres/snapshot.ts';
import { ChunkProfiler } from './profile-dataset.ts';

/** How to observe and stop the computation. */
export interface ComputeControl extends Pick<FreezeControl, 'signal'> {
  /** Called before each window with the number of windows done. */
  readonly onWindow?: (window: Window, done: number) => void;
}

/**
 * Measures the drift of windows, joined with the champion's definition, without storing anything. Windows without
 * rows are left out.
 *
 * @throws TidegateError NO_PRODUCTION_VERSION; UNREADABLE_PROFILE if the champion's reference has another format
 * @throws the signal's reason, if aborted
 */
export async function computeWindows(
  database: Database,
  model: string,
  windows: readonly Window[],
  { signal, onWindow }: ComputeControl = {},
): Promise<PastWindow[]> {
  const champion = await findVersionIn(database, model, 'Production');
  if (!champion) throw new TidegateError('NO_PRODUCTION_VERSION', `no version of ${model} is in Production`);
  const { definition } = await getDefinition(database, model, champion.definitionVersion);
  const reference = decodeReference(await readReference(database, model, champion.version));
  const policy = driftPolicyOf(definition);
  const computed: PastWindow[] = [];
  for (const [done, window] of windows.entries()) {
    onWindow?.(window, done);
    const profile = await profileUnfrozen(database, definition, window, reference, {
      ...(signal && { signal }),
    });
    if (profile.rows === 0) continue;
    computed.push({
      reportId: null,
      asOf: window.to.toISOString(),
      championVersion: champion.version,
      verdict: judgeWindow(reference, profile, policy),
    });
  }
  return computed;
}

/**
 * Returns the newest windows whose drift was measured by Tidegate's own rules and not by a preset, newest first. If
 * there are several reports for one instant, the last one is used.
 */
export async function pastWindows(database: Database, model: string, limit: number): Promise<PastWindow[]> {
  const { rows } = await database.pool.query<{ id: number; as_of: Date; drift: DriftPart }>(
    `select id, as_of, drift from (
       select distinct on (as_of) id, as_of, drift from tidegate.report
       where model = $1 and drift @> '{"measured": true}' and drift #>> '{verdict,preset}' is null
       order by as_of desc, id desc
     ) newest order by as_of desc limit $2`,
    [model, limit],
  );
  return rows.flatMap(({ id, as_of, drift }) =>
    drift.measured
      ? [
          {
            reportId: id,
            asOf: as_of.toISOString(),
            championVersion: drift.championVersion,
            verdict: drift.verdict,
          },
        ]
      : [],
  );
}

/**
 * Joins the rows of a window and counts them in the bins of a reference, with the same code as for a frozen dataset:
 * the profile is the one that freezing the window now would give. Only one chunk of each column is in memory.
 *
 * @throws the signal's reason, if aborted
 * @example await profileUnfrozen(database, definition, window, reference)
 */
async function profileUnfrozen(
  database: Database,
  definition: ModelDefinition,
  window: Window,
  reference: FeatureReference,
  control: FreezeControl = {},
): Promise<WindowProfile> {
  const knownBy = await labelsKnownBy(database.pool);
  const join = await planWindowJoin(database.pool, definition, window, knownBy);
  const table = new DatasetTable(definition, chunkRowsFor(definition));
  const profiler = new ChunkProfiler(reference, table.columns);
  await inSnapshot(
    database,
    (client) =>
      joinChunks(
        client,
        { join, table, control },
        () => Promise.resolve(),
        (chunks) => {
          for (const chunk of chunks) profiler.take(chunk);
        },
      ),
    control.signal,
  );
  return profiler.profile();
}
