// Follows a release run until its version waits for a decision, or until it has ended.
import { type Evidence, findEvidence } from '../store/registry/evidence.ts';
import { getVersion, type Version } from '../store/registry/versions.ts';
import {
  type ReleaseResult,
  releaseStateQuery,
  type ReleaseState,
  workflowIds,
} from '../workflows/protocol/messages.ts';
import { followRun, followToEnd, type Say } from './follow-run.ts';
import { type OperationServices } from './services.ts';

type Needed = Pick<OperationServices, 'client' | 'database'>;

/** The result of validation: evidence to decide on, or a version that was archived. */
export type Validated = { readonly evidence: Evidence } | { readonly archived: Version };

/** Waits until a version in Staging has been validated. */
export function followValidation(
  { client, database }: Needed,
  model: string,
  version: number,
  say: Say,
  signal?: AbortSignal,
): Promise<Validated> {
  const run = client.workflow.getHandle(workflowIds.release(model, version));
  return followRun<Validated>({
    client,
    run,
    look: async () => {
      const evidence = await findEvidence(database, model, version);
      if (evidence) return { evidence };
      const registered = await getVersion(database, model, version);
      return registered.stage === 'Archived' ? { archived: registered } : undefined;
    },
    step: async () => describeStep(await run.query(releaseStateQuery)),
    say,
    signal,
  });
}

/** Waits until the release of a version has carried out its decision. */
export function followRelease(
  { client }: Pick<Needed, 'client'>,
  model: string,
  version: number,
  say: Say,
  warn?: Say,
  signal?: AbortSignal,
): Promise<ReleaseResult> {
  const run = client.workflow.getHandle(workflowIds.release(model, version));
  return followToEnd({
    client,
    run,
    step: async () => describeStep(await run.query(releaseStateQuery)),
    say,
    warn,
    signal,
  });
}

const describeStep = ({ phase, version }: ReleaseState): string =>
  phase === 'closed' ? phase : `${phase} version ${version}`;
