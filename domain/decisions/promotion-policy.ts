// The part of a promotion policy that is about people, as it is frozen with the evidence of a version.
import { type ModelDefinition } from '../model/definition.ts';

/** Who has to agree to a version before it is promoted. It does not change while the version waits. */
export interface FrozenPolicy {
  /** How many different people have to approve, 1 to 10. */
  readonly approvals: number;
  /** The role that an approver must have for the model, and the groups of which an approver must be in one, if any. */
  readonly approvers: { readonly role: 'approver' | 'admin'; readonly groups?: readonly string[] };
  /** `ends`: one refusal ends the wait. `counts`: it ends when as many people have refused as would have to approve. */
  readonly rejection: 'ends' | 'counts';
  /** Whether a decision must have a comment. */
  readonly commentRequired: boolean;
  /** Whether the person who requested a version may approve it; `record` allows it, and the record says so. */
  readonly selfApproval: 'refuse' | 'record';
  /** Whether decisions and rollbacks count although nobody was authenticated. */
  readonly unverifiedSignals: 'accept' | 'refuse';
  /** Whether a rollback takes an operator's word, or as many approvers as a promotion. */
  readonly rollback: 'operator' | 'approval';
  /** How the version is watched after its promotion; absent if the definition does not say. */
  readonly watch?: ModelDefinition['promotion']['watch'];
}
