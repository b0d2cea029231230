import { describe, expect, test } from 'vitest';
import { NO_LABEL } from '../../../domain/features/frame.ts';
import { evaluationRows, trainingRows } from '../../../domain/learning/rows.ts';
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
