// Decisions on a release by signal and by update: valid, invalid, early, late and simultaneous.
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { type DecisionMessage } from '../../domain/decisions/approval.ts';
import {
  approveSignal,
  decideUpdate,
  rejectSignal,
  releaseStateQuery,
} from '../../workflows/protocol/messages.ts';
import { eventually } from '../helpers/eventually.ts';
import { CANDIDATE, EVIDENCE, fakeActivities } from './fake-activities.ts';
import { gate } from './gate.ts';
import { countUpdates } from './history.ts';
import { decision, untilWaiting } from './pending-release.ts';
import { currentDetails } from './reading.ts';
import { useLoops } from './with-loops.ts';

/** The JSON blocks of a Markdown text. */
const jsonBlocks = (markdown: string): DecisionMessage[] =>
  [...markdown.matchAll(/```json\n(.*?)```/gs)].map(([, json = '']) => JSON.parse(json) as DecisionMessage);

describe.concurrent('a decision', () => {
  const withLoops = useLoops();

  it('by update counts, and its sender gets the result', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ release, model }) => {
      const run = await release();
      await untilWaiting(run);
      const answer = await run.executeUpdate(decideUpdate, { args: [decision()], updateId: 'of-grace' });
      expect(answer).toEqual({ accepted: true, decision: 'approve' });
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
      const request = `release/${model}/${CANDIDATE}/update/of-grace`;
      expect(fakes.inputsOf('verifyDecision')).toEqual([
        { model, version: CANDIDATE, request, channel: 'update', message: decision() },
      ]);
    });
  });

  it('in an emergency is shown in the details and sends a notification of its own', () => {
    const verifyDecision = async () =>
      ({ accepted: true, decision: 'approve', decidedBy: 'ada', breakGlass: 'fire' }) as const;
    const fakes = fakeActivities({ verifyDecision, announce: async () => false });
    return withLoops(fakes, async ({ release, model }) => {
      const run = await release();
      await untilWaiting(run);
      await run.executeUpdate(decideUpdate, { args: [decision()] });
      await run.result();
      const message = `version ${CANDIDATE} of ${model} was approved by ada by break-glass: fire`;
      expect(fakes.inputsOf('announce')).toContainEqual({
        event: 'break glass',
        model,
        version: CANDIDATE,
        message,
      });
      expect(await currentDetails(run)).toContain('**break-glass**: approved by ada by break-glass: fire');
    });
  });

  it('is accepted as the details show it, once a name is filled in: by signal', () =>
    withLoops(fakeActivities(), async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      const [forSignal] = jsonBlocks(await currentDetails(run));
      await run.signal('approve', { ...forSignal, decidedBy: 'grace' });
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
    }));

  it('is accepted as the details show it, once a name is filled in: by update', () =>
    withLoops(fakeActivities(), async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      const [, forUpdate] = jsonBlocks(await currentDetails(run));
      const answer = await run.executeUpdate('decide', { args: [{ ...forUpdate, decidedBy: 'grace' }] });
      expect(answer).toEqual({ accepted: true, decision: 'approve' });
    }));

  it('by update that is malformed is refused with the reason, and leaves nothing in the history', () => {
    const fakes = fakeActivities();
    const malformed: [fault: string, message: unknown][] = [
      ['a decision is an object', undefined],
      ['a decision is an object', 'approve'],
      ['version must be', { ...decision(), version: '2' }],
      ['evidenceDigest must be', decision({ evidenceDigest: 'e5e5' })],
      ['decision must be', { ...decision(), decision: 'maybe' }],
      ['comment must be', decision({ comment: 'x'.repeat(2_001) })],
      ['decidedBy must name', decision({ decidedBy: '  ' })],
    ];
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      for (const [fault, message] of malformed) {
        const refusal = run.executeUpdate('decide', { args: [message] });
        await expect(refusal).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
        await expect(refusal).rejects.toMatchObject({
          cause: { type: 'INVALID_REQUEST', message: expect.stringContaining(fault) as string },
        });
      }
      expect(countUpdates(await run.fetchHistory())).toBe(0);
      expect(fakes.inputsOf('verifyDecision')).toEqual([]);
      await run.executeUpdate(decideUpdate, { args: [decision()] });
      expect(countUpdates(await run.fetchHistory())).toBe(1);
    });
  });

  it('by signal that is malformed in any way is verified and refused, and the next one counts', () => {
    const fakes = fakeActivities();
    const unreadable = [null, 'approve', 17, [], { version: '2', decidedBy: { name: 'eve' } }];
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal('approve');
      for (const message of unreadable) await run.signal('approve', message);
      await run.signal(rejectSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'rejected' });
      const verified = fakes.inputsOf('verifyDecision');
      expect(verified).toHaveLength(unreadable.length + 2);
      expect(verified.slice(0, -1).map(({ message }) => message)).toEqual([
        ...Array.from({ length: 6 }, () => ({ decision: 'approve' })),
      ]);
    });
  });

  it('by signal that is very long is shortened before it is passed on', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      // The run's own events stay small; only the signal itself is as large as its sender made it.
      await run.signal(approveSignal, decision({ comment: 'x'.repeat(12_000) }));
      await run.signal(rejectSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'rejected' });
      const [first] = fakes.inputsOf('verifyDecision');
      expect(first?.message.comment).toHaveLength(2_001);
    });
  });

  it.each([
    ['another version', decision({ version: 1 }), 'version 2 is pending here'],
    ['other evidence', decision({ evidenceDigest: '0'.repeat(64) }), 'other evidence'],
  ])('on %s is refused and the release waits on', (_, message, refusal) => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      expect(await run.executeUpdate(decideUpdate, { args: [message] })).toEqual({
        accepted: false,
        decision: 'approve',
        refusal: expect.stringContaining(refusal) as string,
      });
      expect(await run.query(releaseStateQuery)).toMatchObject({ phase: 'waiting' });
      await run.signal(rejectSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'rejected' });
    });
  });

  it('that is sent at the same time as another wins, or its sender learns that it came second', () => {
    const verifying = gate();
    const { activities } = fakeActivities();
    const fakes = fakeActivities({
      verifyDecision: (input) => verifying.pass().then(() => activities.verifyDecision(input)),
    });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      const messages = [decision(), decision({ decision: 'reject', decidedBy: 'alan' })];
      const answers = messages.map((message) => run.executeUpdate(decideUpdate, { args: [message] }));
      await eventually(async () => {
        expect(countUpdates(await run.fetchHistory())).toBe(2);
      });
      verifying.open();
      const [won, lost] = (await Promise.all(answers)).sort(
        (a, b) => Number(b.accepted) - Number(a.accepted),
      );
      expect(won).toMatchObject({ accepted: true });
      expect(lost).toMatchObject({
        accepted: false,
        refusal: expect.stringContaining('was decided on by') as string,
      });
      const outcome = won?.decision === 'approve' ? 'promoted' : 'rejected';
      expect(await run.result()).toMatchObject({ outcome });
      expect(fakes.inputsOf('promote')).toHaveLength(outcome === 'promoted' ? 1 : 0);
    });
  });

  it('by update goes before signals with made-up grants, and refused ones are counted', () => {
    const verifying = gate();
    const { activities } = fakeActivities();
    const fakes = fakeActivities({
      verifyDecision: async (input) => {
        await verifying.pass();
        const { decision: kind, grantId } = input.message;
        if (grantId === undefined) return activities.verifyDecision(input);
        return { accepted: false, decision: kind, refusal: 'UNKNOWN_GRANT' };
      },
    });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      const grantId = '00000000-0000-4000-8000-000000000000';
      for (let n = 0; n < 20; n += 1) await run.signal(approveSignal, { ...decision(), grantId });
      const refused = run.executeUpdate(decideUpdate, {
        args: [decision({ evidenceDigest: '0'.repeat(64) })],
      });
      await eventually(async () => expect(countUpdates(await run.fetchHistory())).toBe(1));
      verifying.open();
      await refused;
      // One signal was being verified when the update arrived.
      expect(
        fakes
          .inputsOf('verifyDecision')
          .slice(0, 2)
          .map(({ channel }) => channel),
      ).toEqual(['signal', 'update']);
      await eventually(async () => expect(await run.query(releaseStateQuery)).toMatchObject({ refused: 21 }));
      expect(await currentDetails(run)).toContain('21 decisions were refused.');
      await run.executeUpdate(decideUpdate, { args: [decision()] });
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
    });
  });

  it('that arrives before the evidence is complete is verified once it is complete', () => {
    const assembling = gate();
    const fakes = fakeActivities({ assembleEvidence: () => assembling.pass().then(() => EVIDENCE) });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      const answer = run.executeUpdate(decideUpdate, {
        args: [decision({ evidenceDigest: '0'.repeat(64) })],
      });
      await eventually(async () => expect(countUpdates(await run.fetchHistory())).toBe(1));
      expect(fakes.inputsOf('verifyDecision')).toEqual([]);
      assembling.open();
      expect(await answer).toMatchObject({ accepted: false });
      await run.signal(approveSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
    });
  });

  it('that arrives after the outcome is verified, refused and answered, and changes nothing', () => {
    const promoting = gate();
    const fakes = fakeActivities({ promote: () => promoting.pass() });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal(approveSignal, decision());
      await eventually(() => expect(fakes.inputsOf('promote')).toHaveLength(1));
      const late = run.executeUpdate(decideUpdate, { args: [decision({ decision: 'reject' })] });
      await eventually(async () => expect(countUpdates(await run.fetchHistory())).toBe(1));
      promoting.open();
      expect(await late).toMatchObject({ accepted: false, decision: 'reject' });
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
      expect(fakes.inputsOf('verifyDecision')).toHaveLength(2);
    });
  });

  it('that is pending when the run is cancelled is still answered', () => {
    const validating = gate();
    const fakes = fakeActivities({
      validateCandidate: () => validating.pass().then(() => ({ passed: true, checks: [], words: '' })),
    });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      const answer = run.executeUpdate(decideUpdate, { args: [decision()] });
      await eventually(async () => expect(countUpdates(await run.fetchHistory())).toBe(1));
      await run.cancel();
      validating.open();
      expect(await answer).toMatchObject({
        accepted: false,
        refusal: expect.stringContaining('withdrawn') as string,
      });
      await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    });
  });

  it('that cannot be verified ends the release, and its sender gets the error', () => {
    const fakes = fakeActivities({
      verifyDecision: async () => {
        throw ApplicationFailure.nonRetryable('the decisions cannot be read');
      },
    });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      expect(await run.executeUpdate(decideUpdate, { args: [decision()] })).toMatchObject({
        accepted: false,
        refusal: expect.stringContaining('the decisions cannot be read') as string,
      });
      await expect(run.result()).rejects.toThrow('Workflow execution failed');
      expect(fakes.inputsOf('archiveCandidate')).toMatchObject([{ reason: 'withdrawn' }]);
      expect(fakes.inputsOf('promote')).toEqual([]);
    });
  });
});
