import { describe, expect, test } from 'vitest';
import { evaluationRows, NO_LABEL, trainingRows } from '../../../domain/data/frame.ts';
import { rowsSince } from '../../../domain/learning/leak-alarm.ts';
import { frameOf } from '../drift/frame-of.ts';
import { heldOut } from './labelled-frame.ts';

describe('the rows to learn from and to judge on', () => {
  const frame = heldOut(
    frameOf({ x: [1, 2, 3, 4, 5] }, [0, 1, NO_LABEL, NO_LABEL, 1]),
    (row) => row % 2 === 1,
  );

  test('training takes labelled rows outside the holdout only', () => {
    expect([...trainingRows(frame)]).toEqual([0, 4]);
  });

  test('evaluation takes labelled rows of the holdout only', () => {
    expect([...evaluationRows(frame)]).toEqual([1]);
  });

  test('a frame without labels gives neither', () => {
    const unlabelled = frameOf({ x: [1, 2] });
    expect(trainingRows(unlabelled)).toHaveLength(0);
    expect(evaluationRows(unlabelled)).toHaveLength(0);
  });
});

test('the rows after an instant are a frame of their own, the instant itself left out', () => {
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
