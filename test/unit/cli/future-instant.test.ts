// Commands refuse instants in the future unless --future is given.
import { describe, expect, it } from 'vitest';
import { refuseFuture } from '../../../domain/model/future-instant.ts';

const now = new Date('2026-03-01T12:00:00Z');
const refuse = (asOf: string, isMeant?: boolean) =>
  refuseFuture({ '--known-at': undefined, '--as-of': new Date(asOf) }, isMeant, now);

describe('an instant in the future', () => {
  it('is refused with its option, and the remedy names --future', () => {
    expect(() => refuse('2099-01-01')).toThrow(
      expect.objectContaining({
        code: 'FUTURE_INSTANT',
        message: '--as-of 2099-01-01T00:00:00.000Z lies in the future: it is now 2026-03-01T12:00:00.000Z',
        remedy: expect.stringContaining('--future') as string,
      }) as Error,
    );
  });

  it('is accepted with --future, or if it is within the tolerance for clock differences', () => {
    expect(() => refuse('2099-01-01', true)).not.toThrow();
    expect(() => refuse('2026-03-01T12:05:00Z')).not.toThrow();
    expect(() => refuse('2026-03-01T12:05:01Z')).toThrow();
  });
});
