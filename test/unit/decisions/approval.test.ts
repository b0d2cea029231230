// A pending decision: which messages are valid, the queue, and that the first outcome is final.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DecisionMessage,
  legible,
  malformed,
  MAX_SIGNALS_QUEUED,
  PendingApproval,
  type QueuedDecision,
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

  describe('with a limit for signals', () => {
    const granted = (n: number): DecisionMessage => ({
      ...message,
      grantId: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
    });

    test('drops and counts further signals, and never an update', () => {
      const pending = new PendingApproval({ mostSignals: MAX_SIGNALS_QUEUED });
      for (let n = 0; n < 10_000; n += 1) pending.enqueue('signal', granted(n));
      expect(pending.waiting).toBe(1_000);
      expect(pending.refusals).toEqual({ refused: 0, dropped: 9_000 });
      const update = pending.enqueue('update', message, 'id');
      expect(update.updateId).toBe('id');
      expect(pending.next()).toBe(update);
      expect(pending.takeSignalled(300)).toHaveLength(300);
      expect(pending.refusals.dropped).toBe(9_700);
      expect(pending.waiting).toBe(0);
    });

    test('takes updates before signals, and in either those with a grant first', () => {
      const pending = new PendingApproval({ mostSignals: 10 });
      const sent = [
        pending.enqueue('signal', message),
        pending.enqueue('signal', granted(1)),
        pending.enqueue('update', message),
        pending.enqueue('update', granted(2)),
        pending.enqueue('signal', granted(3)),
      ];
      const order = Array.from({ length: 5 }, () => pending.next());
      expect(order.map((entry) => sent.indexOf(entry!))).toEqual([3, 2, 1, 4, 0]);
    });

    test('any order of arrival keeps the order within a kind, and loses only signals beyond the limit', () => {
      const kinds = fc.array(fc.tuple(fc.constantFrom('signal', 'update'), fc.boolean()), { maxLength: 60 });
      fc.assert(
        fc.property(kinds, fc.integer({ min: 0, max: 20 }), (sent, mostSignals) => {
          const pending = new PendingApproval({ mostSignals });
          for (const [channel, isGranted] of sent) pending.enqueue(channel, isGranted ? granted(1) : message);
          const signals = sent.filter(([channel]) => channel === 'signal').length;
          const taken: QueuedDecision[] = [];
          for (let next = pending.next(); next; next = pending.next()) taken.push(next);
          expect(taken).toHaveLength(sent.length - Math.max(0, signals - mostSignals));
          expect(pending.refusals.dropped).toBe(Math.max(0, signals - mostSignals));
          const kindOf = ({ channel, message: { grantId } }: QueuedDecision) =>
            `${channel} ${grantId !== undefined}`;
          const wanted = ['update true', 'update false', 'signal true', 'signal false'].flatMap((kind) =>
            taken.filter((entry) => kindOf(entry) === kind).toSorted((a, b) => a.position - b.position),
          );
          expect(taken).toEqual(wanted);
        }),
      );
    });
  });

  test.each([
    [3, 3],
    [undefined, 1_000],
  ])('with a bound of %s, the first %s refusals leave a row and all are counted', (mostWritten, written) => {
    const pending = new PendingApproval(mostWritten === undefined ? {} : { mostWritten });
    let rows = 0;
    for (let n = 0; n < written + 2; n += 1) {
      if (pending.writesRefusals) rows += 1;
      pending.record(pending.enqueue('signal', message), refused);
    }
    expect([rows, pending.refusals.refused]).toEqual([written, written + 2]);
    // A run that continues this one writes no more either.
    expect(new PendingApproval({ ...pending.refusals, mostWritten: written }).writesRefusals).toBe(false);
    expect(pending.outcome).toBeUndefined();
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
