import { expect, it } from 'vitest';
import { describeRoles, may, mayForAny, type Caller, UNVERIFIED } from '../../../domain/identity/caller.ts';
import { isLoopback } from '../../../domain/identity/loopback.ts';
import { expandRoles, isRole, ROLES, rolesFor } from '../../../domain/identity/roles.ts';

it('an admin has every role, a predictor cannot read, and the others can', () => {
  expect(expandRoles(['admin'])).toEqual(ROLES);
  expect(expandRoles(['predictor'])).toEqual(['predictor']);
  for (const role of ['viewer', 'trainer', 'operator', 'approver'] as const)
    expect(expandRoles([role])).toContain('viewer');
  expect(expandRoles(['trainer'])).not.toContain('operator');
  expect(isRole('toString')).toBe(false);
});

it('a role for one model does not hold for another, nor for all models', () => {
  const bindings = [{ role: 'trainer', model: 'churn' }] as const;
  expect(rolesFor(bindings, undefined, 'churn')).toEqual(['viewer', 'trainer']);
  expect(rolesFor(bindings, undefined, 'upsell')).toEqual([]);
  expect(rolesFor(bindings, undefined, null)).toEqual([]);
});

it('a key allows what both its owner and its limits allow', () => {
  const admin = [{ role: 'admin', model: null }] as const;
  expect(rolesFor(admin, { roles: ['predictor'], models: null }, 'churn')).toEqual(['predictor']);
  const viewer = [{ role: 'viewer', model: null }] as const;
  expect(rolesFor(viewer, { roles: ['admin'], models: null }, 'churn')).toEqual(['viewer']);
  const one = { roles: ['admin'], models: ['churn'] } as const;
  expect(rolesFor(admin, one, 'churn')).toEqual(ROLES);
  expect(rolesFor(admin, one, 'upsell')).toEqual([]);
  expect(rolesFor(admin, one, null)).toEqual([]);
});

it('a caller of one model may use a route for any model, and messages name what they have', () => {
  const caller: Caller = {
    ...UNVERIFIED,
    name: 'ada',
    bindings: [{ role: 'trainer', model: 'churn' }],
  };
  expect(mayForAny(caller, 'viewer')).toBe(true);
  expect(mayForAny(caller, 'predictor')).toBe(false);
  expect(may(caller, 'viewer', null)).toBe(false);
  expect(describeRoles(caller, 'churn')).toBe('the roles viewer, trainer');
  expect(describeRoles(caller, 'upsell')).toBe('no role');
});

it.each([
  ['127.0.0.1:8080', true],
  ['127.8.9.1', true],
  ['localhost:80', true],
  ['LOCALHOST', true],
  ['[::1]:8080', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
  ['example.com#localhost', false],
  ['192.168.0.1', false],
  ['', false],
])('%s is an address of this machine only: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
