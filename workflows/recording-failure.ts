// Judgements that are out of attempts: the same step is asked once more, to record that it failed.
import { patched } from '@temporalio/workflow';
import { type Failed } from '../activities/compare.ts';
import { describeFailure } from './failure.ts';

/** Patch since which a judgement that was due and could not be made is recorded, and the run goes on to its decision. */
export const JUDGEMENTS_RECORDED = 'judgements-recorded';

/**
 * Runs a judging step. If it fails for good, it is called again with `failed`, by which it records that the judgement was
 * due and could not be made; the run goes on with that answer.
 *
 * @throws as the step, when cancelled, or if the failure cannot be recorded either
 */
export async function recordingFailure<Input extends object, Answer>(
  step: (input: Input & { readonly failed?: Failed }) => Promise<Answer>,
  input: Input,
): Promise<Answer> {
  try {
    return await step(input);
  } catch (error) {
    const failed = failedOf(error);
    if (!patched(JUDGEMENTS_RECORDED)) throw error;
    return step({ ...input, failed });
  }
}

/** What ended a judging step for good. @throws the error, if it is a cancellation */
export function failedOf(error: unknown): Failed {
  const { kind, code, message } = describeFailure(error);
  if (kind === 'cancelled') throw error;
  return { code, reason: message };
}
