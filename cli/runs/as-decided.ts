// Whether a release ended as the person decided.
import { type DecisionMessage } from '../../domain/decisions/approval.ts';
import { type ReleaseOutcome } from '../../workflows/protocol/messages.ts';

const WISHED: Readonly<Record<DecisionMessage['decision'], ReleaseOutcome>> = {
  approve: 'promoted',
  reject: 'rejected',
};

/** False where a decision counted but could not be carried out. @example isAsDecided('approve', 'stale') // false */
export const isAsDecided = (decision: DecisionMessage['decision'], outcome: ReleaseOutcome): boolean =>
  outcome === WISHED[decision];
