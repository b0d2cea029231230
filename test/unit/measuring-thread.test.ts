// Measuring in a thread: what it gives is what is measured here, and an abort ends it.
import { expect, test } from 'vitest';
import { measureInThread } from '../../activities/comparing/measure-in-thread.ts';
import { measureComparison, type MeasureInput } from '../../domain/learning/measure-comparison.ts';
import { logisticRegression } from '../../domain/learning/logistic-regression.ts';
import { scoreRows } from '../../domain/learning/score.ts';
import { allRows, signalFrame } from './learning/labelled-frame.ts';

function input(rows: number): MeasureInput {
  const frame = signalFrame(rows);
  const all = allRows(frame);
  const candidate = logisticRegression.fit({ frame, rows: all.subarray(0, 1_000), options: { seed: 1 } });
  return {
    frame,
    candidate,
    candidateScores: scoreRows(candidate, frame, all),
    championScores: new Float64Array(rows).fill(candidate.prior),
    cuts: { champion: 0.5, candidate: 0.5 },
    named: [{ name: 'pro', where: { plan: 'pro' } }],
    seed: 3,
  };
}
const many = input(6_000);

test('gives the same in a thread, for many rows, as here, and says how far it is', async () => {
  const heard: number[] = [];
  const control = {
    signal: new AbortController().signal,
    onProgress: (done: number) => void heard.push(done),
  };
  expect(await measureInThread(many, control)).toEqual(measureComparison(many));
  expect(heard.at(-1)).toBe(1);
  expect(heard).toEqual(heard.toSorted((a, b) => a - b));
});

test('measures few rows here, in the same way', async () => {
  const few = input(1_200);
  const control = { signal: new AbortController().signal, onProgress: () => undefined };
  expect(await measureInThread(few, control)).toEqual(measureComparison(few));
});

test('ends with the reason of an abort', async () => {
  const controller = new AbortController();
  const measured = measureInThread(many, { signal: controller.signal, onProgress: () => undefined });
  controller.abort(new Error('the run was cancelled'));
  await expect(measured).rejects.toThrow('the run was cancelled');
});
