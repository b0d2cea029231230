import pino from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PredictionLog } from '../../../api/serving/prediction-log.ts';
import { type LoggedPrediction } from '../../../store/serving/predictions.ts';

const at = new Date('2024-02-01T00:00:00Z');
const rows = (count: number, first = 0): LoggedPrediction[] =>
  Array.from({ length: count }, (_, index) => ({
    model: 'churn',
    version: first + index,
    entityKey: null,
    features: {},
    score: 0.5,
    at,
  }));

const unreachable = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

let written: number[][];
let lines: string[];
let failWith: Error | undefined;

const open = (options: { batch?: number; capacity?: number } = {}) =>
  new PredictionLog({
    write: async (batch) => {
      if (failWith) throw failWith;
      written.push(batch.map(({ version }) => version));
    },
    logger: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
    ...options,
  });

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  lines = [];
  failWith = undefined;
});

afterEach(() => {
  vi.useRealTimers();
});

it('writes what waits each second, in batches', async () => {
  const log = open({ batch: 3 });
  log.append(rows(2));
  await vi.advanceTimersByTimeAsync(900);
  expect(written).toEqual([]);
  await vi.advanceTimersByTimeAsync(100);
  expect(written).toEqual([[0, 1]]);
  await log.close();
});

it('writes at once when a batch is full', async () => {
  const log = open({ batch: 2 });
  log.append(rows(5));
  await vi.advanceTimersByTimeAsync(0);
  expect(written).toEqual([[0, 1], [2, 3], [4]]);
  await log.close();
});

it('keeps rows in their order while the database cannot be reached', async () => {
  const log = open({ batch: 2 });
  failWith = unreachable;
  log.append(rows(3));
  await vi.advanceTimersByTimeAsync(1_000);
  log.append(rows(1, 3));
  failWith = undefined;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.flat()).toEqual([0, 1, 2, 3]);
  expect(log.dropped).toBe(0);
  await log.close();
});

it('tries once a second while the database cannot be reached, however many rows come', async () => {
  const log = open({ batch: 2 });
  failWith = unreachable;
  for (let request = 0; request < 10; request += 1) {
    log.append(rows(2));
    await vi.advanceTimersByTimeAsync(1);
  }
  const attempts = () => lines.filter((line) => line.includes('could not be logged')).length;
  expect(attempts()).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(attempts()).toBe(2);
  await log.close();
});

it('drops what exceeds its capacity, counts it and says so', async () => {
  const log = open({ batch: 10, capacity: 4 });
  failWith = unreachable;
  log.append(rows(3));
  await vi.advanceTimersByTimeAsync(1_000);
  log.append(rows(3, 3));
  failWith = undefined;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.flat()).toEqual([0, 1, 2, 3]);
  expect(log.dropped).toBe(2);
  expect(lines.join('')).toContain('"dropped":2');
  await log.close();
});

it('drops rows that the database refuses, and goes on with the next', async () => {
  const log = open({ batch: 2 });
  failWith = new Error('violates check constraint');
  log.append(rows(2));
  await vi.advanceTimersByTimeAsync(0);
  failWith = undefined;
  log.append(rows(2, 2));
  await vi.advanceTimersByTimeAsync(0);
  expect(written).toEqual([[2, 3]]);
  expect(log.dropped).toBe(2);
  await log.close();
});

it('writes the rest when it is closed, and counts what it could not', async () => {
  const log = open();
  log.append(rows(2));
  await log.close();
  expect(written).toEqual([[0, 1]]);

  const lost = open();
  failWith = unreachable;
  lost.append(rows(2));
  await lost.close();
  expect(lost.dropped).toBe(2);
});
