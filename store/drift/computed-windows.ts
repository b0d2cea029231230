// Past windows of a model that no report measured, measured now against the champion.
import { type PastWindow } from '../../domain/drift/calibration/calibrate.ts';
import { driftPolicyOf } from '../../domain/drift/drift-policy.ts';
import { decodeReference } from '../../domain/data/profile/profile-codec.ts';
import { judgeWindow } from '../../domain/drift/verdict.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Window } from '../../domain/model/window.ts';
import { type Database } from '../database.ts';
import { type FreezeControl } from '../datasets/join-chunks.ts';
import { getDefinition } from '../definitions/definitions.ts';
import { findVersionIn, readReference } from '../versions/versions.ts';
import { profileUnfrozen } from './profile-unfrozen.ts';

/** How the computing is followed and stopped. */
export interface ComputeControl extends Pick<FreezeControl, 'signal'> {
  /** Called before each window with how many are done. */
  readonly onWindow?: (window: Window, done: number) => void;
}

/**
 * Measures windows as the champion's definition joins them; nothing is stored. One without rows is left out.
 *
 * @throws TidegateError NO_PRODUCTION_VERSION; UNREADABLE_PROFILE where the champion's reference is of another format
 * @throws the signal's reason, when aborted
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
