// Which rows of a frame are used for training and for evaluation.
import { describe, expect, test } from 'vitest';
import { evaluationRows, NO_LABEL, trainingRows } from '../../../domain/data/frame.ts';
import { rowsSince } from '../../../domain/learning/leak-alarm.ts';
import { frameOf } from '../drift/frame-of.ts';
import { heldOut } from './labelled-frame.ts';

describe('the rows for training and evaluation', () => {
  const frame = heldOut(
    frameOf({ x: [1, 2, 3, 4, 5] }, [0, 1, NO_LABEL, NO_LABEL, 1]),
    (row) => row % 2 === 1,
  );

  test('are labelled rows outside the holdout for training', () => {
    expect([...trainingRows(frame)]).toEqual([0, 4]);
  });

  test('are labelled rows of the holdout for evaluation', () => {
    expect([...evaluationRows(frame)]).toEqual([1]);
  });

  test('are none in a frame without labels', () => {
    const unlabelled = frameOf({ x: [1, 2] });
    expect(trainingRows(unlabelled)).toHaveLength(0);
    expect(evaluationRows(unlabelled)).toHaveLength(0);
  });
});

test('the rows after an instant are a separate frame that excludes the instant itself', () => {
  const day = 86_400_000_000n;
  const frame = {
    ...frameOf({ x: [1, 2, 3], plan: ['a', null, 'b'] }, [0, 1, 1]),
    times: BigInt64Array.of(3n * day, day, 2n * day),
    clusters: Uint32Array.of(7, 8, 9),
  };
  const newest = rowsSince(frame, new Date('1970-01-02Z'));
  expect(newest).toMatchObject({
    rows: 2,
    features: [
      { name: 'x', values: Float64Array.of(1, 3) },
      { name: 'plan', codes: Uint32Array.of(0, 1), dictionary: ['a', 'b'] },
    ],
    labels: Uint8Array.of(0, 1),
    clusters: Uint32Array.of(7, 9),
    times: BigInt64Array.of(3n * day, 2n * day),
  });
  expect(rowsSince(frame, new Date('1970-01-04Z')).rows).toBe(0);
});
