// The request as a person reads it in the Temporal UI: what is asked, and the exact JSON to paste.
import { NAME_TO_REPLACE } from '../domain/decisions/approval.ts';

/** Markdown that shows how to decide on a version by signal or by update. */
export function howToDecide(version: number, evidenceDigest: string, summary: string): string {
  const message = { version, evidenceDigest, comment: 'why', decidedBy: NAME_TO_REPLACE };
  return [
    `**Decide on version ${version}.** ${summary}`,
    'Send the signal `approve` or `reject` with',
    fenced(message),
    'or the update `decide`, which answers whether the decision counted, with',
    fenced({ ...message, decision: 'approve' }),
  ].join('\n\n');
}

const fenced = (value: unknown): string => '```json\n' + JSON.stringify(value, null, 2) + '\n```';
