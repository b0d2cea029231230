// Measuring in a thread: what it gives is what is measured here, and an abort ends it.
import { expect, test } from 'vitest';
import { measureInThread } from '../../activities/comparing/measure-in-thread.ts';
import { measureComparison, type MeasureInput } from '../../domain/learning/measure-comparison.ts';
import { logisticRegression } from '../../domain/learning/logistic-regression.ts';
import { scoreRows } from '../../domain/learning/score.ts';
import { openScorer, type ScorerSource } from '../../scoring/scorer-source.ts';
import { allRows, signalFrame } from './learning/labelled-frame.ts';

function input(rows: number): { measured: MeasureInput; source: ScorerSource } {
  const frame = signalFrame(rows);
  const all = allRows(frame);
  const candidate = logisticRegression.fit({ frame, rows: all.subarray(0, 1_000), options: { seed: 1 } });
  const measured = {
    frame,
    prior: candidate.prior,
    candidateScores: scoreRows(candidate, frame, all),
    championScores: new Float64Array(rows).fill(candidate.prior),
    cuts: { champion: 0.5, candidate: 0.5 },
    named: [{ name: 'pro', where: { plan: 'pro' } }],
    seed: 3,
  };
  return { measured, source: { artifact: candidate } };
}
const many = input(6_000);

test('gives the same in a thread, for many rows, as here, and says how far it is', async () => {
  const heard: number[] = [];
  const control = {
    signal: new AbortController().signal,
    onProgress: (done: number) => void heard.push(done),
  };
  const here = await measureComparison(many.measured, await openScorer(many.source));
  expect(await measureInThread(many.measured, many.source, control)).toEqual(here);
  expect(heard.at(-1)).toBe(1);
  expect(heard).toEqual(heard.toSorted((a, b) => a - b));
});

test('measures few rows here, in the same way', async () => {
  const few = input(1_200);
  const control = { signal: new AbortController().signal, onProgress: () => undefined };
  const here = await measureComparison(few.measured, await openScorer(few.source));
  expect(await measureInThread(few.measured, few.source, control)).toEqual(here);
});

test('ends with the reason of an abort', async () => {
  const controller = new AbortController();
  const control = { signal: controller.signal, onProgress: () => undefined };
  const measured = measureInThread(many.measured, many.source, control);
  controller.abort(new Error('the run was cancelled'));
  await expect(measured).rejects.toThrow('the run was cancelled');
});
