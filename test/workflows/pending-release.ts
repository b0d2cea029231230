// Helpers for a person's decision on a release: wait until it is pending, and what to send.
import { type WorkflowHandle } from '@temporalio/client';
import { type DecisionMessage } from '../../domain/decisions/approval.ts';
import { type ReleaseState, releaseStateQuery } from '../../workflows/protocol/messages.ts';
import { type releaseWorkflow } from '../../workflows/index.ts';
import { eventually } from '../helpers/eventually.ts';
import { CANDIDATE, EVIDENCE_DIGEST } from './fake-activities.ts';

/** A run of the release loop. */
export type ReleaseRun = WorkflowHandle<typeof releaseWorkflow>;

/** Waits until a release is waiting for a decision. */
export const untilWaiting = (run: ReleaseRun): Promise<ReleaseState> => untilPhase(run, 'waiting');

/** Waits until a release is in a phase, and returns its state. */
export const untilPhase = (run: ReleaseRun, phase: ReleaseState['phase']): Promise<ReleaseState> =>
  eventually(async () => {
    const state = await run.query(releaseStateQuery);
    if (state.phase !== phase) throw new Error(`the release is ${state.phase} and not ${phase}`);
    return state;
  });

/** A decision that counts, with optional changes, for example to make it invalid. */
export const decision = (changes: Partial<DecisionMessage> = {}): DecisionMessage => ({
  version: CANDIDATE,
  evidenceDigest: EVIDENCE_DIGEST,
  decision: 'approve',
  comment: 'looked at the report',
  decidedBy: 'grace',
  ...changes,
});
