// A pending decision: which messages are valid, the queue, and that the first outcome is final.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DecisionMessage,
  legible,
  malformed,
  PendingApproval,
} from '../../../domain/decisions/approval.ts';

const message: DecisionMessage = {
  version: 2,
  evidenceDigest: '0123456789abcdef'.repeat(4),
  decision: 'approve',
  comment: '',
  decidedBy: 'ada',
};

describe('malformed', () => {
  test.each([
    message,
    { ...message, decision: 'reject' },
    { ...message, comment: 'x'.repeat(2_000), decidedBy: 'é'.repeat(200) },
    { ...message, version: 1, more: 'is ignored' },
  ])('a decision that can be read has no problem', (each) => {
    expect(malformed(each)).toBeUndefined();
  });

  const digest = 'evidenceDigest must be the 64 hexadecimal digits shown with the request';
  const person = 'decidedBy must name a person, in at most 200 characters';
  const comment = 'comment must be a text of at most 2,000 characters';
  const version = 'version must be a whole number from 1';
  const decision = 'decision must be "approve" or "reject"';
  const problems: (readonly [unknown, string])[] = [
    [null, 'a decision is an object'],
    [undefined, 'a decision is an object'],
    ['approve', 'a decision is an object'],
    [{}, version],
    [[], version],
    [{ ...message, version: 0 }, version],
    [{ ...message, version: 1.5 }, version],
    [{ ...message, version: '2' }, version],
    [{ ...message, version: NaN }, version],
    [{ ...message, evidenceDigest: undefined }, digest],
    [{ ...message, evidenceDigest: 'a'.repeat(63) }, digest],
    [{ ...message, evidenceDigest: 'a'.repeat(65) }, digest],
    [{ ...message, evidenceDigest: 'A'.repeat(64) }, digest],
    [{ ...message, evidenceDigest: `${'a'.repeat(63)}\n` }, digest],
    [{ ...message, evidenceDigest: 7 }, digest],
    [{ ...message, decision: 'Approve' }, decision],
    [{ ...message, decision: undefined }, decision],
    [{ ...message, comment: undefined }, comment],
    [{ ...message, comment: 'x'.repeat(2_001) }, comment],
    [{ ...message, decidedBy: undefined }, person],
    [{ ...message, decidedBy: '' }, person],
    [{ ...message, decidedBy: ' \t ' }, person],
    [{ ...message, decidedBy: 'x'.repeat(201) }, person],
    [{ ...message, decidedBy: 'grace\nroot: ok' }, 'decidedBy must be one printable line: it contains \\n'],
    [{ ...message, decidedBy: 'Your  NAME' }, 'decidedBy still says "your name"'],
    [
      { ...message, comment: 'a\u001b[2J' },
      'comment may contain line breaks, but no other control characters: it contains \\u{1b}',
    ],
    [{ ...message, decidedBy: ' your name ' }, 'decidedBy still says "your name"'],
  ];

  test.each(problems)('%j has the problem "%s"', (each, problem) => {
    expect(malformed(each)).toBe(problem);
  });
});

describe('legible', () => {
  test('keeps the fields of a valid decision and drops all others', () => {
    expect(legible({ ...message, more: { of: 'it' } }, 'approve')).toEqual(message);
  });

  test("takes the decision from the signal's name, not from the message", () => {
    expect(legible({ ...message, decision: 'approve' }, 'reject').decision).toBe('reject');
  });

  test('shortens any message, and keeps a malformed one malformed', () => {
    const odd = fc.oneof(
      fc.anything(),
      fc.record(
        {
          version: fc.oneof(fc.constant(2), fc.anything()),
          evidenceDigest: fc.oneof(fc.constant(message.evidenceDigest), fc.string({ maxLength: 100 })),
          comment: fc.oneof(fc.constantFrom('', 'x'.repeat(2_000), 'x'.repeat(9_999)), fc.anything()),
          decidedBy: fc.oneof(fc.constantFrom('ada', ' ', 'x'.repeat(200), 'x'.repeat(201)), fc.anything()),
        },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(odd, (sent) => {
        const read = legible(sent, 'approve');
        const whole: unknown =
          typeof sent === 'object' && sent !== null ? { ...sent, decision: 'approve' } : sent;
        expect(malformed(read) === undefined).toBe(malformed(whole) === undefined);
        expect(JSON.stringify(read).length).toBeLessThan(16_000);
      }),
      { numRuns: 500 },
    );
  });
});

describe('PendingApproval', () => {
  const accepted = (decision: 'approve' | 'reject') => ({ accepted: true, decision });
  const refused = { accepted: false, decision: 'approve', refusal: 'no' } as const;

  test('starts with nothing to verify and no outcome', () => {
    const pending = new PendingApproval();
    expect(pending.hasNext).toBe(false);
    expect(pending.next()).toBeUndefined();
    expect(pending.outcome).toBeUndefined();
  });

  test('returns decisions in the order in which they arrived, each with its own position', () => {
    const pending = new PendingApproval();
    const first = pending.enqueue('signal', message);
    const second = pending.enqueue('update', { ...message, decision: 'reject' });
    expect(pending.hasNext).toBe(true);
    expect(pending.next()).toBe(first);
    const third = pending.enqueue('signal', message);
    expect([first, second, third].map(({ position }) => position)).toEqual([0, 1, 2]);
    expect([pending.next(), pending.next(), pending.next()]).toEqual([second, third, undefined]);
    expect(second).toMatchObject({ channel: 'update', message: { decision: 'reject' } });
    expect(pending.hasNext).toBe(false);
  });

  test.each([
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ] as const)('an accepted %s ends the waiting as %s', (decision, kind) => {
    const pending = new PendingApproval();
    const entry = pending.enqueue('update', { ...message, decision });
    pending.record(entry, accepted(decision));
    expect(entry.result).toEqual({ accepted: true, decision });
    expect(pending.outcome).toEqual({ kind, message: { ...message, decision } });
  });

  test('records the result of a refused decision, and continues to wait', () => {
    const pending = new PendingApproval();
    const entry = pending.enqueue('signal', message);
    pending.record(entry, refused);
    expect(entry.result).toEqual(refused);
    expect(pending.outcome).toBeUndefined();
  });

  test('records a decision that is accepted after the end, without changing the outcome', () => {
    const pending = new PendingApproval();
    pending.record(pending.enqueue('update', { ...message, decision: 'reject' }), accepted('reject'));
    const late = pending.enqueue('update', message);
    pending.record(late, accepted('approve'));
    expect(late.result).toEqual(accepted('approve'));
    expect(pending.outcome?.kind).toBe('rejected');
  });

  test('keeps the first outcome among expiry, supersession and decision', () => {
    const ends = [{ kind: 'expired' }, { kind: 'superseded', by: 3 }] as const;
    for (const first of ends) {
      const pending = new PendingApproval();
      pending.settle(first);
      for (const later of ends) pending.settle(later);
      pending.record(pending.enqueue('signal', message), accepted('approve'));
      expect(pending.outcome).toEqual(first);
    }
  });
});
