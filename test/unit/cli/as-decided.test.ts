// A decision that counted is done only where its release ended so.
import { expect, it } from 'vitest';
import { isAsDecided } from '../../../cli/commands/decide.ts';

it('a release that ended as was decided is done', () => {
  expect(isAsDecided('approve', 'promoted')).toBe(true);
  expect(isAsDecided('reject', 'rejected')).toBe(true);
});

it.each(['stale', 'expired', 'superseded', 'rejected', 'validation failed'] as const)(
  'an approval that ended %s is not done',
  (outcome) => {
    expect(isAsDecided('approve', outcome)).toBe(false);
  },
);
