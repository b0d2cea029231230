// Tasks in threads: the same results as in the calling thread, errors with their codes, and aborts.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { compute } from '../../../activities/compute/compute.ts';
import { type TaskInput, type TaskName, tasks } from '../../../activities/compute/tasks.ts';
import { type SideRows } from '../../../domain/drift/multivariate/pooled-rows.ts';
import { logisticRegression } from '../../../domain/learning/logistic-regression.ts';
import { scoreRows } from '../../../domain/learning/artifact/score.ts';
import { Random } from '../../../domain/random.ts';
import { failureOf } from '../../helpers/failures.ts';
import { allRows, signalFrame } from '../learning/labelled-frame.ts';

const control = { signal: new AbortController().signal, onProgress: () => undefined };

const frame = signalFrame(2_000);
const fit = { frame, rows: allRows(frame), trainer: 'logistic-regression', options: { seed: 7 } };
const outside = [0, 1].map((half) => ({ outside: allRows(frame).filter((row) => row % 2 === half) }));

function comparison(rows: number): TaskInput<'measureComparison'> {
  const some = signalFrame(rows);
  const all = allRows(some);
  const candidate = logisticRegression.fit({
    frame: some,
    rows: all.subarray(0, 1_000),
    options: { seed: 1 },
  });
  const input = {
    frame: some,
    prior: candidate.prior,
    candidateScores: scoreRows(candidate, some, all),
    championScores: new Float64Array(rows).fill(candidate.prior),
    cuts: { champion: 0.5, candidate: 0.5 },
    named: [{ name: 'pro', where: { plan: 'pro' } }],
    seed: 3,
  };
  return { input, candidate: { artifact: candidate } };
}

function side(rows: number, shift: number): SideRows {
  const random = new Random(rows, shift, 0);
  const values = Float64Array.from({ length: rows }, () => random.normal() + shift);
  const codes = Uint32Array.from({ length: rows }, () => random.below(3));
  return {
    rows,
    features: [
      { kind: 'numeric', name: 'x', values },
      { kind: 'category', name: 'c', codes, dictionary: ['a', 'b', 'c'] },
    ],
    entities: Array.from({ length: rows }, (_, row) => `u${row}`),
  };
}

function scored(rows: number): TaskInput<'measurePerformance'> {
  const random = new Random(rows, 2, 0);
  const scores = Float64Array.from({ length: rows }, () => random.uniform());
  const labels = Uint8Array.from(scores, (score) => Number(random.chance(score)));
  return { rows: { scores, labels, clusters: Uint32Array.from(scores.keys()) }, seed: 3 };
}

function sides(rows: number): TaskInput<'sideBySide'> {
  const { rows: candidate, seed } = scored(rows);
  const { scores: candidateScores, labels, clusters } = candidate;
  const championScores = new Float64Array(rows).fill(0.5);
  return { labels, clusters, championScores, candidateScores, prior: 0.5, seed };
}

const inputs: { readonly [Name in TaskName]: TaskInput<Name> } = {
  fit,
  crossValidate: { ...fit, folds: outside, metric: 'auc' },
  scoreOutOfFold: { ...fit, maxRows: 1_000 },
  judgeFeaturesAlone: { frame, seed: 7 },
  measureComparison: comparison(1_200),
  tellApart: { reference: side(900, 0), window: side(900, 1), seed: 3 },
  measurePerformance: scored(2_000),
  sideBySide: sides(500),
};

describe('each task has the same result in a thread as in the caller', () => {
  test.each(Object.keys(inputs) as TaskName[])('%s', async (name) => {
    const input = inputs[name] as never;
    expect(await compute(name, input, control)).toEqual(await tasks[name](input, () => undefined));
  });
});

test('a task reports its progress and does not block the event loop of the caller', async () => {
  const reported: number[] = [];
  let turnsSinceBegun = 0;
  let isDone = false;
  const large = signalFrame(20_000);
  const training = compute(
    'fit',
    { ...fit, frame: large, rows: allRows(large) },
    { ...control, onProgress: (fraction) => void reported.push(fraction) },
  ).finally(() => (isDone = true));
  while (!isDone) {
    await turn();
    if (reported.length > 0) turnsSinceBegun += 1;
  }
  await training;
  expect(turnsSinceBegun).toBeGreaterThan(50);
  expect(reported.at(-1)).toBe(1);
  expect(reported).toEqual(reported.toSorted((a, b) => a - b));
});

test('an error of a task has its code and message in the caller', async () => {
  const labels = frame.labels.map(() => 1);
  expect(await failureOf(compute('fit', { ...fit, frame: { ...frame, labels } }, control))).toMatchObject({
    code: 'ONE_CLASS',
    retryable: false,
    message: expect.stringContaining('all 2000 training rows are positive') as string,
  });
  expect(await failureOf(compute('fit', { ...fit, trainer: 'oracle' }, control))).toMatchObject({
    code: 'INVALID_DEFINITION',
  });
});

test('a programming error in a task is reported as DEFECT', async () => {
  const { rows, seed } = scored(2_000);
  const broken = { rows: { ...rows, clusters: null as never }, seed };
  expect(await failureOf(compute('measurePerformance', broken, control))).toMatchObject({
    code: 'DEFECT',
  });
});

test('an aborted task rejects with the reason of the abort', async () => {
  const controller = new AbortController();
  const measured = compute('measureComparison', comparison(6_000), { ...control, signal: controller.signal });
  controller.abort(new Error('the run was cancelled'));
  await expect(measured).rejects.toThrow('the run was cancelled');
});
