// A person approves by a Temporal signal, and the version goes to Production.
import { TidegateError } from '../../domain/errors.ts';
import { type Pending } from '../runs/pending.ts';
import { followRelease } from '../runs/release-run.ts';
import { decideBySignal } from '../runs/send-decision.ts';
import { MODEL, people, type Scene } from './scene.ts';

/** Sends the signal and waits until the version is promoted and served. @throws TidegateError where it is not */
export async function approveBySignal(
  { services, note }: Scene,
  { version, digest }: Pending,
): Promise<void> {
  const { accepted, refusal } = await decideBySignal(services, MODEL, {
    version,
    evidenceDigest: digest,
    decision: 'approve',
    comment: 'the comparison is convincing',
    decidedBy: people.approves,
  });
  if (!accepted) throw new TidegateError('DECISION_REFUSED', refusal ?? 'the decision was refused');
  note(
    `signal approve {version: ${version}, evidenceDigest: ${digest.slice(0, 12)}…} by ${people.approves}: accepted`,
  );
  const { outcome, summary } = await followRelease(services, MODEL, version, () => undefined, note);
  if (outcome !== 'promoted')
    throw new TidegateError('INTERNAL', `the story needs version ${version}, but: ${summary}`);
  note(`version ${version} is in Production and served`);
}
