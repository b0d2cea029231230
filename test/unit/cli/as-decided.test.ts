// Whether a decision was carried out, by the outcome of its release.
import { expect, it } from 'vitest';
import { isAsDecided } from '../../../cli/commands/decide.ts';

it('a release with the decided outcome has carried out the decision', () => {
  expect(isAsDecided('approve', 'promoted')).toBe(true);
  expect(isAsDecided('reject', 'rejected')).toBe(true);
});

it.each(['stale', 'expired', 'superseded', 'rejected', 'validation failed'] as const)(
  'an approval that ended %s is not done',
  (outcome) => {
    expect(isAsDecided('approve', outcome)).toBe(false);
  },
);
