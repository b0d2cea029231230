// release/<model>/<version>: validates, waits for a decision and carries it out.
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { type DecisionMessage } from '../../domain/decisions/approval.ts';
import {
  approveSignal,
  decideUpdate,
  rejectSignal,
  releaseStateQuery,
  supersededSignal,
} from '../../workflows/protocol/messages.ts';
import { eventually } from '../helpers/eventually.ts';
import {
  CANDIDATE,
  EVIDENCE,
  EVIDENCE_DIGEST,
  FAILED,
  failingFor,
  fakeActivities,
  supersededLater,
} from './fake-activities.ts';
import { gate } from './gate.ts';
import { decision, untilPhase, untilWaiting } from './pending-release.ts';
import { currentDetails, tagsOf } from './reading.ts';
import { useLoops } from './with-loops.ts';
import { noticesOf } from './notices.ts';

const passed = { passed: true, checks: [], words: '' } as const;
const failing = (message: string, type?: string) => async (): Promise<never> => {
  throw ApplicationFailure.nonRetryable(message, type);
};

describe.concurrent('a release', () => {
  const withLoops = useLoops();

  it('promotes a version that was approved, and confirms that it is served', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ release, model }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal(approveSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'promoted', version: CANDIDATE });
      // A notice and the watch are runs of their own.
      const others: string[] = ['notify', 'announce', 'openWatch'];
      const order = fakes.calls.map(({ name }) => name).filter((name) => !others.includes(name));
      expect(order.slice(-4)).toEqual(['verifyDecision', 'prepareServing', 'promote', 'confirmServing']);
      expect(fakes.inputsOf('archiveCandidate')).toEqual([]);
      expect((await noticesOf(fakes, 2)).map(({ event }) => event)).toEqual(['decided', 'pending']);
      expect(await tagsOf(run)).toEqual({
        model,
        stage: 'Production',
        outcome: 'promoted',
        version: CANDIDATE,
      });
      expect(await run.query(releaseStateQuery)).toMatchObject({ phase: 'closed', outcome: 'promoted' });
    });
  });

  it('archives a version that was rejected, with name and comment', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ release, model }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal(rejectSignal, decision({ comment: 'holidays' }));
      expect(await run.result()).toMatchObject({ outcome: 'rejected' });
      expect(fakes.inputsOf('archiveCandidate')).toEqual([
        { model, version: CANDIDATE, reason: 'rejected', detail: 'rejected by grace: holidays' },
      ]);
      expect(fakes.inputsOf('promote')).toEqual([]);
      expect(await tagsOf(run)).toMatchObject({ stage: 'Archived', outcome: 'rejected' });
    });
  });

  it('archives a version that failed its validation without asking for a decision', () => {
    const check = { name: 'extremes', passed: false, words: 'all null' };
    const fakes = fakeActivities({
      validateCandidate: async () => ({ passed: false, checks: [check], words: 'extremes: all null' }),
    });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      expect(await run.result()).toMatchObject({ outcome: 'validation failed' });
      expect(fakes.inputsOf('archiveCandidate')).toMatchObject([
        { reason: 'validation_failed', detail: 'extremes: all null' },
      ]);
      expect(fakes.inputsOf('assembleEvidence')).toEqual([]);
      expect(await currentDetails(run)).toContain('- **failed** extremes: all null');
    });
  });

  it('archives a version that could not be validated as failed', () => {
    const check = { name: 'validation', passed: false, words: 'it was due and could not be made' };
    const fakes = fakeActivities({
      validateCandidate: failingFor({ passed: false, checks: [check], words: `validation: ${check.words}` }),
    });
    return withLoops(fakes, async ({ release, model }) => {
      const run = await release();
      expect(await run.result()).toMatchObject({ outcome: 'validation failed' });
      expect(fakes.inputsOf('validateCandidate')).toEqual([
        { model, version: CANDIDATE },
        { model, version: CANDIDATE, failed: FAILED },
      ]);
      expect(fakes.inputsOf('archiveCandidate')).toMatchObject([
        { reason: 'validation_failed', detail: `validation: ${check.words}` },
      ]);
    });
  });

  it('shows what is pending and until when, while it waits', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ release, model }) => {
      const run = await release({ expiresAfterMs: 3_600_000 });
      const { expiresAt } = await untilWaiting(run);
      expect(await run.query(releaseStateQuery)).toEqual({
        model,
        version: CANDIDATE,
        phase: 'waiting',
        evidenceDigest: EVIDENCE_DIGEST,
        expiresAt,
        outcome: null,
      });
      expect(fakes.inputsOf('assembleEvidence')).toMatchObject([{ expiresAt }]);
      expect(await tagsOf(run)).toEqual({ model, stage: 'Staging', outcome: 'waiting', version: CANDIDATE });
      expect(await currentDetails(run)).toContain(`waits for a decision until ${expiresAt}`);
      await run.signal(rejectSignal, decision());
      await run.result();
      expect(await currentDetails(run)).not.toContain('Decide on version');
    });
  });

  it('expires without approval if nobody decides', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ release }) => {
      const run = await release({ expiresAfterMs: 200 });
      expect(await run.result()).toMatchObject({ outcome: 'expired' });
      expect(fakes.inputsOf('archiveCandidate')).toMatchObject([{ reason: 'expired' }]);
      expect(fakes.inputsOf('promote')).toEqual([]);
      expect((await noticesOf(fakes, 2)).map(({ event }) => event)).toEqual(['decided', 'pending']);
    });
  });

  it('does not count an approval that is read after the deadline, and answers it', () => {
    const assembling = gate();
    const fakes = fakeActivities({ assembleEvidence: () => assembling.pass().then(() => EVIDENCE) });
    return withLoops(fakes, async ({ release }) => {
      const run = await release({ expiresAfterMs: 1 });
      await eventually(() => {
        const [asked] = fakes.inputsOf('assembleEvidence');
        expect(Date.now()).toBeGreaterThan(Date.parse(asked?.expiresAt ?? '9999-12-31'));
      });
      const late = await run.startUpdate(decideUpdate, { args: [decision()], waitForStage: 'ACCEPTED' });
      assembling.open();
      expect(await run.result()).toMatchObject({ outcome: 'expired' });
      expect(await late.result()).toMatchObject({
        accepted: false,
        refusal: expect.stringContaining('expired') as string,
      });
      expect(fakes.inputsOf('promote')).toEqual([]);
    });
  });

  it('sends a reminder at each interval until there is a decision', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ release }) => {
      const run = await release({ remindEveryMs: 50 });
      await eventually(
        () => {
          const reminders = fakes.inputsOf('notify').filter(({ event }) => event === 'reminder');
          expect(reminders.length).toBeGreaterThanOrEqual(3);
        },
        { within: 60_000 },
      );
      await run.signal(approveSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
    });
  });

  it('is superseded by a newer candidate while it waits', () => {
    const fakes = fakeActivities({ readStanding: supersededLater() });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal(supersededSignal, { by: 3 });
      expect(await run.result()).toMatchObject({ outcome: 'superseded' });
      expect(fakes.inputsOf('archiveCandidate')).toMatchObject([
        { reason: 'superseded', detail: 'superseded by v3' },
      ]);
      expect(fakes.inputsOf('promote')).toEqual([]);
      expect(await tagsOf(run)).toMatchObject({ stage: 'Archived', outcome: 'superseded' });
    });
  });

  it('does not ask for a decision on a version that was superseded during validation', () => {
    const validating = gate();
    const fakes = fakeActivities({
      validateCandidate: () => validating.pass().then(() => passed),
      readStanding: supersededLater(),
    });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      // Only then has the run asked whether its version still waits.
      await eventually(() => expect(fakes.inputsOf('validateCandidate')).toHaveLength(1));
      await run.signal(supersededSignal, { by: 3 });
      validating.open();
      expect(await run.result()).toMatchObject({ outcome: 'superseded' });
      expect(fakes.inputsOf('assembleEvidence')).toEqual([]);
      expect((await noticesOf(fakes, 1)).map(({ event }) => event)).toEqual(['decided']);
    });
  });

  it('ignores a supersession that the database does not show, and can still be approved', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal(supersededSignal, { by: 3 });
      await run.signal(approveSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
      expect(fakes.inputsOf('archiveCandidate')).toEqual([]);
    });
  });

  it('carries out what was decided before it began, as after a reset, and asks nobody', () => {
    const settled = { kind: 'approved', decidedBy: 'ada', comment: '' } as const;
    const fakes = fakeActivities({ readStanding: async () => ({ settled, archived: null }) });
    return withLoops(fakes, async ({ release }) => {
      expect(await (await release()).result()).toMatchObject({ outcome: 'promoted' });
      expect(fakes.inputsOf('assembleEvidence')).toEqual([]);
    });
  });

  it('ends as the database says if its version was archived before it began', () => {
    const archived = { reason: 'expired', detail: 'nobody decided', supersededBy: null };
    const fakes = fakeActivities({ readStanding: async () => ({ settled: null, archived }) });
    return withLoops(fakes, async ({ release }) => {
      expect(await (await release()).result()).toMatchObject({ outcome: 'expired' });
      expect(fakes.inputsOf('validateCandidate')).toEqual([]);
    });
  });

  it('waits until enough people have approved, and says how many', () => {
    let people = 0;
    const fakes = fakeActivities({
      verifyDecision: async ({ message }) => {
        people += 1;
        const accepted = {
          accepted: true,
          decision: message.decision,
          decidedBy: `person ${people}`,
        } as const;
        return people < 3 ? { ...accepted, settles: false, people, needed: 3 } : accepted;
      },
    });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      expect(await run.executeUpdate(decideUpdate, { args: [decision()] })).toMatchObject({ settles: false });
      expect(await run.executeUpdate(decideUpdate, { args: [decision()] })).toMatchObject({ people: 2 });
      expect(await currentDetails(run)).toContain('- approved by person 2: 2 of 3 people');
      await run.executeUpdate(decideUpdate, { args: [decision()] });
      expect(await run.result()).toMatchObject({
        outcome: 'promoted',
        summary: expect.stringContaining('approved by person 3') as string,
      });
    });
  });

  it('continues as another run when its history has grown, with the same deadline, evidence and waiting signals', () => {
    const fakes = fakeActivities({
      verifyDecision: async ({ message: { decision: kind, decidedBy } }) =>
        decidedBy === 'ada'
          ? { accepted: true, decision: kind }
          : { accepted: false, decision: kind, refusal: 'no' },
    });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      const sent = { args: [decision()] as [DecisionMessage], updateId: 'sent twice' };
      expect(await run.executeUpdate(decideUpdate, sent)).toMatchObject({ accepted: false });
      const before = await run.query(releaseStateQuery);
      // Temporal suggests it from 4 MB on.
      for (let n = 0; n < 4; n += 1) {
        await run.signal(approveSignal, { ...decision(), decidedBy: 'x', comment: 'y'.repeat(1_300_000) });
      }
      const { runId } = await run.describe();
      await eventually(async () => expect((await run.describe()).runId).not.toBe(runId));
      await eventually(async () =>
        expect(await run.query(releaseStateQuery)).toEqual({ ...before, refused: 5 }),
      );
      // The next run may execute the same update once more: it is verified as the same request.
      await run.executeUpdate(decideUpdate, sent);
      const updates = fakes.inputsOf('verifyDecision').filter(({ channel }) => channel === 'update');
      expect(updates.map(({ request }) => request)).toEqual([updates[0]?.request, updates[0]?.request]);
      await run.signal(approveSignal, { ...decision(), decidedBy: 'ada' });
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
      expect(fakes.inputsOf('validateCandidate')).toHaveLength(1);
      expect(fakes.inputsOf('assembleEvidence')).toHaveLength(1);
      expect(fakes.inputsOf('verifyDecision')).toHaveLength(7);
    });
  });

  it('ignores a supersession that does not name a version', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal('superseded');
      await run.signal('superseded', { by: 'x' });
      await run.signal(supersededSignal, { by: CANDIDATE });
      await run.signal(approveSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
    });
  });

  it('ends as superseded if the version left Staging at the moment of the approval', () => {
    const fakes = fakeActivities({
      promote: async () => {
        throw ApplicationFailure.nonRetryable(
          'version 2 of churn is in Archived and not in Staging',
          'ILLEGAL_MOVE',
        );
      },
    });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal(approveSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'superseded' });
      expect(fakes.inputsOf('confirmServing')).toEqual([]);
      expect(fakes.inputsOf('archiveCandidate')).toEqual([]);
    });
  });

  it('archives an approved version as stale if the champion changed, and requests a new comparison', () => {
    const fakes = fakeActivities({ promote: failing('version 3 is in Production', 'STALE_CHAMPION') });
    return withLoops(fakes, async ({ release, model }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal(approveSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'stale' });
      expect(fakes.inputsOf('archiveCandidate')).toMatchObject([
        { reason: 'stale', detail: 'version 3 is in Production' },
      ]);
      const retrainId = `${model}/report-7/stale-${CANDIDATE}`;
      expect(fakes.inputsOf('startRetrain')).toMatchObject([
        { retrainId, model, trigger: 'stale', requestedBy: EVIDENCE.requestedBy, asOf: EVIDENCE.asOf },
      ]);
      expect(fakes.inputsOf('confirmServing')).toEqual([]);
    });
  });

  it('is neither delayed nor failed by a dead webhook, which gets its notices when it is back', () => {
    let isDead = true;
    const delivered: string[] = [];
    const fakes = fakeActivities({
      notify: async ({ event }) => {
        if (isDead) throw new Error('the webhook answered 502');
        delivered.push(event);
      },
    });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal(approveSignal, decision());
      await untilPhase(run, 'closed');
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
      expect(delivered).toEqual([]);
      isDead = false;
      await eventually(() => expect(delivered.toSorted()).toEqual(['decided', 'pending']), {
        within: 60_000,
      });
    });
  });

  it('stays promoted if an instance does not follow, and reports it', () => {
    const fakes = fakeActivities({ confirmServing: failing('instance b answers with version 1') });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal(approveSignal, decision());
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
      expect(fakes.inputsOf('archiveCandidate')).toEqual([]);
      expect(await noticesOf(fakes, 3)).toContainEqual(
        expect.objectContaining({
          event: 'serving not confirmed',
          message: 'instance b answers with version 1',
        }),
      );
      expect(await currentDetails(run)).toContain('**not every API instance serves it**');
    });
  });

  it.each([
    ['validating', 'validation_failed', { validateCandidate: failing('the artifact is gone') }],
    ['promoting', 'withdrawn', { promote: failing('the artifact is gone') }],
  ])('archives and tells when %s is out of attempts', (_, reason, overrides) => {
    const fakes = fakeActivities(overrides);
    return withLoops(fakes, async ({ release, model }) => {
      const run = await release();
      await run.signal(approveSignal, decision());
      await expect(run.result()).rejects.toThrow('Workflow execution failed');
      expect(fakes.inputsOf('archiveCandidate')).toEqual([
        { model, version: CANDIDATE, reason, detail: 'the artifact is gone' },
      ]);
      await eventually(() =>
        expect(fakes.inputsOf('notify')).toContainEqual(
          expect.objectContaining({ event: 'failed', message: 'the artifact is gone' }),
        ),
      );
      expect(await tagsOf(run)).toMatchObject({ stage: 'Archived', outcome: 'failed' });
      expect(await run.query(releaseStateQuery)).toMatchObject({ phase: 'closed', outcome: 'failed' });
    });
  });

  it('is withdrawn if it is cancelled while it waits', () => {
    const fakes = fakeActivities();
    return withLoops(fakes, async ({ release, model }) => {
      const run = await release();
      await untilWaiting(run);
      await run.cancel();
      await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
      expect(fakes.inputsOf('archiveCandidate')).toMatchObject([
        { model, version: CANDIDATE, reason: 'withdrawn' },
      ]);
      expect(await tagsOf(run)).toMatchObject({ stage: 'Archived', outcome: 'withdrawn' });
      expect(await run.query(releaseStateQuery)).toMatchObject({ outcome: 'withdrawn' });
    });
  });

  it('carries out an approval even if it is cancelled meanwhile', () => {
    const preparing = gate();
    const fakes = fakeActivities({ prepareServing: () => preparing.pass().then(() => ({ instances: 2 })) });
    return withLoops(fakes, async ({ release }) => {
      const run = await release();
      await untilWaiting(run);
      await run.signal(approveSignal, decision());
      await eventually(() => expect(fakes.inputsOf('prepareServing')).toHaveLength(1));
      await run.cancel();
      preparing.open();
      expect(await run.result()).toMatchObject({ outcome: 'promoted' });
      expect(fakes.inputsOf('archiveCandidate')).toEqual([]);
      expect(await tagsOf(run)).toMatchObject({ stage: 'Production' });
    });
  });
});
