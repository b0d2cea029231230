// Commands refuse instants of the future unless they are meant.
import { describe, expect, it } from 'vitest';
import { refuseFuture } from '../../../cli/shared/arguments.ts';

const now = new Date('2026-03-01T12:00:00Z');
const refuse = (asOf: string, isMeant?: boolean) =>
  refuseFuture({ '--known-at': undefined, '--as-of': new Date(asOf) }, isMeant, now);

describe('an instant in the future', () => {
  it('is refused by name, with how it could be meant', () => {
    expect(() => refuse('2099-01-01')).toThrow(
      expect.objectContaining({
        code: 'FUTURE_INSTANT',
        message: '--as-of 2099-01-01T00:00:00.000Z lies in the future: it is 2026-03-01T12:00:00.000Z',
        remedy: expect.stringContaining('--future') as string,
      }) as Error,
    );
  });

  it('is taken if it is meant, or only ahead by what clocks differ', () => {
    expect(() => refuse('2099-01-01', true)).not.toThrow();
    expect(() => refuse('2026-03-01T12:05:00Z')).not.toThrow();
    expect(() => refuse('2026-03-01T12:05:01Z')).toThrow();
  });
});
