// The activities of the loops, built once per worker from its connections.
import { type ActivityDeps } from './deps.ts';
import { qualityActivities } from './check-quality.ts';
import { leakActivities } from './check-leaks.ts';
import { compareActivities } from './compare.ts';
import { decideActivities } from './decide.ts';
import { evidenceActivities } from './evidence.ts';
import { freezeActivities } from './freeze.ts';
import { materialiseActivities } from './materialise.ts';
import { driftActivities } from './measure-drift.ts';
import { performanceActivities } from './measure-performance.ts';
import { notifyActivities } from './notify.ts';
import { profilePartActivities } from './profile-part.ts';
import { retrainActivities } from './retrains.ts';
import { servingActivities } from './serving.ts';
import { stageActivities } from './stages.ts';
import { startActivities } from './start-runs.ts';
import { trainActivities } from './train.ts';
import { tuneActivities } from './tune.ts';
import { validateActivities } from './validate.ts';
import { decisionActivities } from './verify-decision.ts';

/** Every activity that the workflows call. */
export const createActivities = (deps: ActivityDeps) => ({
  ...freezeActivities(deps),
  ...qualityActivities(deps),
  ...profilePartActivities(deps),
  ...driftActivities(deps),
  ...performanceActivities(deps),
  ...decideActivities(deps),
  ...startActivities(deps),
  ...retrainActivities(deps),
  ...leakActivities(deps),
  ...tuneActivities(deps),
  ...trainActivities(deps),
  ...compareActivities(deps),
  ...stageActivities(deps),
  ...materialiseActivities(deps),
  ...validateActivities(deps),
  ...evidenceActivities(deps),
  ...decisionActivities(deps),
  ...servingActivities(deps),
  ...notifyActivities(deps),
});

/** The activities by name, for typed proxies in workflow code. */
export type Activities = ReturnType<typeof createActivities>;
