// The floor of an installation: the minimum that the promotion policy of every model must demand.
import { z } from 'zod';
import { type Place } from '../errors.ts';
import { type FrozenPolicy } from './promotion-policy.ts';

/** Schema of a floor. A rule that is left out is not limited. */
export const floorSchema = z.strictObject({
  approvals: z.int().min(1).max(10).optional().describe('Minimum number of people who have to approve'),
  approvers: z
    .strictObject({
      role: z.literal('admin').optional(),
      groups: z
        .array(z.string().min(1).max(200))
        .min(1)
        .max(100)
        .readonly()
        .optional()
        .describe('The only groups that a definition may name; it must name at least one'),
    })
    .optional(),
  rejection: z.literal('ends').optional().describe('One refusal ends the wait'),
  commentRequired: z.literal(true).optional(),
  selfApproval: z.literal('refuse').optional(),
  unverifiedSignals: z.literal('refuse').optional(),
  rollback: z.literal('approval').optional(),
  watch: z.literal('on').optional().describe("No definition may have watch: 'off'"),
});

/** The least that every promotion policy of an installation must ask for. */
export type PolicyFloor = z.output<typeof floorSchema>;

/**
 * Returns the rules of a policy that are below the floor, with what the floor asks for.
 *
 * @example belowFloor(policy, { approvals: 2 }) // [{ at: 'promotion.approvals', problem: 'is 1, but the floor … is 2' }]
 */
export function belowFloor(policy: FrozenPolicy, floor: PolicyFloor): Place[] {
  const groups = policy.approvers.groups ?? null;
  const allowed = floor.approvers?.groups;
  const named = allowed?.map((group) => JSON.stringify(group)).join(', ') ?? '';
  return [
    ...problem(
      'approvals',
      policy.approvals,
      floor.approvals !== undefined && policy.approvals < floor.approvals,
      `at least ${floor.approvals}`,
    ),
    ...problem(
      'approvers.role',
      policy.approvers.role,
      floor.approvers?.role === 'admin' && policy.approvers.role !== 'admin',
      '"admin"',
    ),
    ...problem(
      'approvers.groups',
      groups,
      allowed !== undefined && (groups === null || groups.some((group) => !allowed.includes(group))),
      `one or more of ${named} and no other group`,
    ),
    ...(['rejection', 'commentRequired', 'selfApproval', 'unverifiedSignals', 'rollback'] as const).flatMap(
      (rule) =>
        problem(
          rule,
          policy[rule],
          floor[rule] !== undefined && policy[rule] !== floor[rule],
          JSON.stringify(floor[rule]),
        ),
    ),
    ...problem('watch', policy.watch ?? null, floor.watch === 'on' && policy.watch === 'off', 'a watch'),
  ];
}

function problem(rule: string, value: unknown, isBelow: boolean, asked: string): Place[] {
  if (!isBelow) return [];
  const is = value === null ? 'is left out' : `is ${JSON.stringify(value)}`;
  return [
    { at: `promotion.${rule}`, problem: `${is}, but the floor of this installation asks for ${asked}` },
  ];
}

/** The rules of a floor, one line each. @example floorLines({ approvals: 2 }) // ['approvals: 2'] */
export const floorLines = ({ approvers, ...rules }: PolicyFloor): string[] =>
  Object.entries({
    ...rules,
    'approvers.role': approvers?.role,
    'approvers.groups': approvers?.groups?.join(', '),
  }).flatMap(([rule, value]) => (value === undefined ? [] : [`${rule}: ${String(value)}`]));
