// The monitor's long computations in a thread: they give what they give here, and an abort ends them.
import { expect, test } from 'vitest';
import { measureBeside } from '../../activities/measuring/measure-beside.ts';
import {
  measureTask,
  type PerformanceTask,
  type TellApartTask,
} from '../../activities/measuring/measure-task.ts';
import { type SideRows } from '../../domain/drift/multivariate/pooled-rows.ts';
import { Random } from '../../domain/random.ts';
import { failureOf } from '../helpers/failures.ts';

const control = { signal: new AbortController().signal, onProgress: () => undefined };

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

const apart = (rows: number): TellApartTask => ({
  kind: 'tell apart',
  reference: side(rows, 0),
  window: side(rows, 1),
  seed: 3,
});

function performance(rows: number): PerformanceTask {
  const random = new Random(rows, 2, 0);
  const scores = Float64Array.from({ length: rows }, () => random.uniform());
  const labels = Uint8Array.from(scores, (score) => Number(random.chance(score)));
  return {
    kind: 'performance',
    rows: { scores, labels, clusters: Uint32Array.from(scores.keys()) },
    seed: 3,
  };
}

test('many rows give in a thread what they give here', async () => {
  const told = await measureBeside(apart(900), control);
  expect(told).toEqual(measureTask(apart(900)));
  expect(told.auc!.value).toBeGreaterThan(0.7);
  expect(await measureBeside(performance(2_000), control)).toEqual(measureTask(performance(2_000)));
});

test('few rows are measured here', async () => {
  const ended = { ...control, signal: AbortSignal.abort() };
  expect(await measureBeside(performance(400), ended)).toEqual(measureTask(performance(400)));
});

test('an abort ends the thread with its reason', async () => {
  const controller = new AbortController();
  const measuring = measureBeside(apart(4_000), { ...control, signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(measuring).rejects.toThrow('enough');
});

test('what the task refuses is refused by its code', async () => {
  const { rows, seed } = performance(2_000);
  const broken = { kind: 'performance', rows: { ...rows, clusters: null as never }, seed } as const;
  expect(await failureOf(measureBeside(broken, control))).toMatchObject({ code: 'TRAINING_THREAD_FAILED' });
});
