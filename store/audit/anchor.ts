// Anchors: copies of signed checkpoints outside of the database.
import { open } from 'node:fs/promises';
import { guardedPost } from '../network/guarded-post.ts';
import { type Checkpoint } from './checkpoint.ts';

/** Where checkpoints are anchored; any of the two, or both. */
export interface AnchorPlaces {
  /** A file to which a line is appended. */
  readonly file?: string | undefined;
  /** An address that receives a POST with the checkpoint as JSON. */
  readonly url?: string | undefined;
  /** Whether the address may be a loopback or private one. @default false */
  readonly allowPrivate?: boolean;
}

const WEBHOOK_MS = 10_000;

/** The line of a checkpoint in an anchor file. */
export const anchorLine = ({ statement, signature }: Checkpoint): string =>
  JSON.stringify({ statement, signature });

/**
 * Writes a checkpoint to every place. The file is on disk when this returns.
 *
 * @throws an AggregateError if a place did not take it; the other has it nevertheless
 */
export async function anchor(
  checkpoint: Checkpoint,
  { file, url, allowPrivate = false }: AnchorPlaces,
): Promise<void> {
  const line = anchorLine(checkpoint);
  const outcomes = await Promise.allSettled([
    file === undefined ? undefined : appendLine(file, line),
    url === undefined ? undefined : post(url, line, allowPrivate),
  ]);
  const errors = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as Error] : [],
  );
  if (errors.length > 0) throw new AggregateError(errors, errors.map(({ message }) => message).join('; '));
}

async function appendLine(file: string, line: string): Promise<void> {
  const handle = await open(file, 'a', 0o644);
  try {
    // A line of its own, even if a write before it was cut off.
    await handle.writeFile(`\n${line}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function post(url: string, body: string, allowPrivate: boolean): Promise<void> {
  const status = await guardedPost({
    url,
    headers: { 'content-type': 'application/json' },
    body,
    allowPrivate,
    timeoutMs: WEBHOOK_MS,
  });
  if (status < 200 || status > 299) throw new Error(`the anchor at ${new URL(url).host} answered ${status}`);
}

/** Reads the checkpoints of an anchor file, in order. Lines that are none, such as one that was cut off, are counted. */
export function readAnchors(text: string): {
  readonly checkpoints: Checkpoint[];
  readonly unreadable: number;
} {
  const checkpoints: Checkpoint[] = [];
  let unreadable = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    try {
      const { statement, signature } = JSON.parse(line) as Checkpoint;
      if (typeof statement !== 'string' || typeof signature !== 'string')
        throw new TypeError('no checkpoint');
      checkpoints.push({ statement, signature });
    } catch {
      unreadable += 1;
    }
  }
  return { checkpoints, unreadable };
}
