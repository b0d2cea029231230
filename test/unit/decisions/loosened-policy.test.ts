// Which changes of a promotion policy loosen it, rule by rule.
import { expect, test } from 'vitest';
import { describeLoosened, loosenedRules, policyRulesOf } from '../../../domain/decisions/loosened-policy.ts';
import { type ModelInput, modelDefinitionSchema } from '../../../domain/model/definition.ts';

type Promotion = ModelInput['promotion'];

const promotionSchema = modelDefinitionSchema.shape.promotion;

const rules = (promotion: Promotion) => policyRulesOf({ promotion: promotionSchema.parse(promotion) });

const loosened = (was: Promotion, becomes: Promotion): string[] =>
  loosenedRules(rules(was), rules(becomes)).map(({ at }) => at);

const strict = {
  approvals: 3,
  approvers: { role: 'admin', groups: ['risk', 'audit'] },
  commentRequired: true,
  rollback: 'approval',
  watch: { for: '2 days', minRequests: 50, onBreach: 'roll back' },
} as const;

test.each<[string, Promotion, Promotion]>([
  ['promotion.approvals', { approvals: 2 }, { approvals: 1 }],
  ['promotion.approvers.role', { approvers: { role: 'admin' } }, { approvers: { role: 'approver' } }],
  ['promotion.approvers.role', { approvers: { role: 'admin' } }, {}],
  ['promotion.approvers.groups', { approvers: { groups: ['risk'] } }, {}],
  ['promotion.approvers.groups', { approvers: { groups: ['risk'] } }, { approvers: { groups: ['risk', 'it'] } }],
  ['promotion.approvers.groups', { approvers: { groups: ['risk'] } }, { approvers: { groups: ['it'] } }],
  ['promotion.rejection', {}, { rejection: 'counts' }],
  ['promotion.commentRequired', { commentRequired: true }, {}],
  ['promotion.selfApproval', {}, { selfApproval: 'record' }],
  ['promotion.unverifiedSignals', {}, { unverifiedSignals: 'accept' }],
  ['promotion.rollback', { rollback: 'approval' }, {}],
  ['promotion.expiresAfter', {}, { expiresAfter: '8 days' }],
  ['promotion.watch', {}, { watch: 'off' }],
  ['promotion.watch', strict, { ...strict, watch: 'off' }],
  ['promotion.watch.for', strict, { ...strict, watch: { ...strict.watch, for: '1 day' } }],
  ['promotion.watch.onBreach', strict, { ...strict, watch: { ...strict.watch, onBreach: 'alert' } }],
  ['promotion.watch.minRequests', strict, { ...strict, watch: { ...strict.watch, minRequests: 51 } }],
  ['promotion.watch.maxErrorRate', {}, { watch: { maxErrorRate: 0.02 } }],
  ['promotion.watch.maxLatencyMs', {}, { watch: { maxLatencyMs: 2_000 } }],
  ['promotion.watch.maxScoreShift', {}, { watch: { maxScoreShift: 0.5 } }],
])('%s is loosened by a step from %j to %j, and not by the step back', (at, was, becomes) => {
  expect(loosened(was, becomes)).toEqual([at]);
  expect(loosened(becomes, was).filter((rule) => rule !== at || rule === 'promotion.approvers.groups')).toEqual(
    // Another group is looser in both directions.
    at === 'promotion.approvers.groups' && JSON.stringify(becomes).includes('["it"]') ? [at] : [],
  );
}); // prettier-ignore

test.each<[string, Promotion, Promotion]>([
  ['the same policy', strict, strict],
  ['defaults that are written out', {}, { approvers: { role: 'approver' }, rejection: 'ends', watch: { for: '1 day' } }],
  ['more approvals and fewer groups', { approvers: { groups: ['a', 'b'] } }, { approvals: 2, approvers: { groups: ['b'] } }],
  ['reminders, and what happens to a candidate that waits', {}, { remindEvery: '2 days', whilePending: 'skip' }],
  ['the rules of the comparison, which every approver sees in the evidence', {}, { minDelta: 0, failedJudgement: 'warn' }],
  ['a shorter wait', {}, { expiresAfter: '1 day' }],
])('%s loosens nothing', (_, was, becomes) => {
  expect(loosened(was, becomes)).toEqual([]);
}); // prettier-ignore

test('one looser rule counts, however strict the others have become', () => {
  const becomes = { ...strict, approvals: 10, commentRequired: false };
  expect(loosened(strict, becomes)).toEqual(['promotion.commentRequired']);
});

test('the words name each rule with its value before and after', () => {
  const found = loosenedRules(
    rules(strict),
    rules({ ...strict, approvals: 1, approvers: { role: 'admin' } }),
  );
  expect(describeLoosened(found)).toBe(
    'promotion.approvals from 3 to 1, promotion.approvers.groups from ["risk","audit"] to nothing',
  );
});
