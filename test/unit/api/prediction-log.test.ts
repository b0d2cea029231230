import pino from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PredictionLog } from '../../../api/serving/prediction-log.ts';
import { type LoggedPrediction, UnknownOutcome } from '../../../store/registry/predictions.ts';

const at = new Date('2024-02-01T00:00:00Z');
const rows = (count: number, first = 0): LoggedPrediction[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `id ${first + index}`,
    model: 'churn',
    version: first + index,
    entityKey: null,
    features: '{}',
    score: 0.5,
    at,
  }));

const unreachable = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

let written: number[][];
let lines: string[];
/** The error that writing a batch throws. */
let failWith: ((versions: number[]) => Error | undefined) | Error | undefined;
let committed: boolean | undefined;

const sqlState = (code: string) => Object.assign(new Error(`SQLSTATE ${code}`), { code });

const open = (options: { batch?: number; capacity?: number; capacityBytes?: number } = {}) =>
  new PredictionLog({
    write: async (batch) => {
      const versions = batch.map(({ version }) => version);
      const failure = typeof failWith === 'function' ? failWith(versions) : failWith;
      if (failure) throw failure;
      written.push(versions);
    },
    wasCommitted: async () => committed,
    logger: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
    ...options,
  });

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  lines = [];
  failWith = undefined;
  committed = undefined;
});

afterEach(() => {
  vi.useRealTimers();
});

it('writes waiting rows every second, in batches', async () => {
  const log = open({ batch: 3 });
  log.append(rows(2));
  await vi.advanceTimersByTimeAsync(900);
  expect(written).toEqual([]);
  await vi.advanceTimersByTimeAsync(100);
  expect(written).toEqual([[0, 1]]);
  await log.close();
});

it('writes immediately when a batch is full', async () => {
  const log = open({ batch: 2 });
  log.append(rows(5));
  await vi.advanceTimersByTimeAsync(0);
  expect(written).toEqual([[0, 1], [2, 3], [4]]);
  await log.close();
});

it('keeps rows while the database cannot be reached', async () => {
  const log = open({ batch: 2 });
  failWith = unreachable;
  log.append(rows(3));
  await vi.advanceTimersByTimeAsync(1_000);
  log.append(rows(1, 3));
  failWith = undefined;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.flat().toSorted()).toEqual([0, 1, 2, 3]);
  expect(log.dropped).toBe(0);
  await log.close();
});

it('tries once a second while the database cannot be reached, regardless of how many rows are added', async () => {
  const log = open({ batch: 2 });
  let attempts = 0;
  failWith = () => {
    attempts += 1;
    return unreachable;
  };
  for (let request = 0; request < 10; request += 1) {
    log.append(rows(2));
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(attempts).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(attempts).toBe(2);
  // Logged once, and once more when it is over.
  expect(lines.filter((line) => line.includes('could not be logged'))).toHaveLength(1);
  failWith = undefined;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.flat()).toHaveLength(20);
  expect(lines.at(-1)).toContain('logged again');
  await log.close();
});

it.each([
  ['read-only', sqlState('25006')],
  ['locked', sqlState('55P03')],
  ['too slow for a time limit', sqlState('57014')],
  ['full', sqlState('53100')],
  ['out of connections', sqlState('53300')],
  ['out of memory', sqlState('53200')],
  ['restarting', sqlState('57P03')],
  ['in a conflict', sqlState('40001')],
  ['in a deadlock', sqlState('40P01')],
  ['without the privilege', sqlState('42501')],
  ['without the table', sqlState('42P01')],
  ['another database', sqlState('3D000')],
  ['behind a pooler that is full', new Error('query_wait_timeout')],
  ['unreachable', unreachable],
])('loses nothing while the database is %s, and reports that it is behind', async (_, failure) => {
  const log = open({ batch: 8 });
  failWith = failure;
  for (let second = 0; second < 20; second += 1) {
    log.append(rows(3, 3 * second));
    await vi.advanceTimersByTimeAsync(1_000);
  }
  const { waiting, behindSince, problem } = log.state;
  expect([waiting, behindSince, problem]).toEqual([60, expect.any(Date), expect.any(String)]);
  failWith = undefined;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (__, row) => row));
  expect(log.state).toEqual({ waiting: 0, dropped: { full: 0, refused: 0, stopped: 0 } });
  await log.close();
});

it.each([
  ['a value that no type holds', sqlState('22P05')],
  ['a broken constraint', sqlState('23514')],
  ['a row that cannot be sent', new RangeError('Invalid time value')],
])('finds the faulty rows and drops only those: %s', async (_, failure) => {
  const log = open({ batch: 16 });
  failWith = (versions) => (versions.some((version) => version % 7 === 3) ? failure : undefined);
  log.append(rows(16));
  await vi.advanceTimersByTimeAsync(0);
  expect(written.flat()).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15]);
  expect(log.state).toEqual({ waiting: 0, dropped: { full: 0, refused: 2, stopped: 0 } });
  expect(lines.filter((line) => line.includes('cannot be logged'))).toHaveLength(2);
  await log.close();
});

it('finally drops a row that always fails with a temporary error, and continues with the others', async () => {
  const log = open({ batch: 8 });
  failWith = (versions) => (versions.includes(3) ? sqlState('54000') : undefined);
  for (let second = 0; second < 40; second += 1) {
    log.append(rows(2, 2 * second));
    await vi.advanceTimersByTimeAsync(1_000);
  }
  await vi.advanceTimersByTimeAsync(20_000);
  expect(written.flat()).toHaveLength(79);
  expect(log.state).toEqual({ waiting: 0, dropped: { full: 0, refused: 1, stopped: 0 } });
  await log.close();
});

it('meets a time limit that is too tight for a whole batch', async () => {
  const log = open({ batch: 64 });
  failWith = (versions) => (versions.length > 10 ? sqlState('57014') : undefined);
  log.append(rows(64));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(written.flat()).toHaveLength(64);
  await log.close();
});

it.each([
  [true, [[0, 1]]],
  [
    false,
    [
      [0, 1],
      [0, 1],
    ],
  ],
])('looks up the outcome of a commit with a lost answer (committed: %s)', async (outcome, all) => {
  const log = open();
  let attempts = 0;
  failWith = (versions) => {
    attempts += 1;
    if (attempts > 1) return undefined;
    written.push(versions);
    return new UnknownOutcome('7', unreachable);
  };
  log.append(rows(2));
  await vi.advanceTimersByTimeAsync(3_000);
  // The transaction is still running, so the rows are neither written again nor dropped.
  expect([written, log.state.waiting]).toEqual([[[0, 1]], 2]);
  committed = outcome;
  await vi.advanceTimersByTimeAsync(1_000);
  expect([written, log.state.waiting, log.dropped]).toEqual([all, 0, 0]);
  await log.close();
});

it('stays within its memory limit', async () => {
  const log = open({ capacityBytes: 10_000 });
  failWith = unreachable;
  const wide = rows(100).map((row) => ({ ...row, features: JSON.stringify({ plan: 'x'.repeat(500) }) }));
  log.append(wide);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(log.state).toMatchObject({ waiting: 8, dropped: { full: 92 } });
  failWith = undefined;
  await vi.advanceTimersByTimeAsync(1_000);
  log.append(wide.slice(0, 5));
  expect(log.state).toMatchObject({ waiting: 5, dropped: { full: 92 } });
  await log.close();
});

it('stops within its deadline while a write hangs, and counts the rows it could not write', async () => {
  const hanging = new PredictionLog({
    write: () => new Promise(() => undefined),
    wasCommitted: async () => undefined,
    logger: pino({ level: 'silent' }),
    batch: 2,
  });
  hanging.append(rows(3));
  await vi.advanceTimersByTimeAsync(6_000);
  expect(hanging.state).toMatchObject({ waiting: 3, behindSince: expect.any(Date) as Date });
  const closing = hanging.close();
  await vi.advanceTimersByTimeAsync(5_000);
  await closing;
  hanging.append(rows(1));
  expect(hanging.state.dropped).toEqual({ full: 0, refused: 0, stopped: 4 });
});

it('drops rows that exceed its capacity, counts them and logs that', async () => {
  const log = open({ batch: 10, capacity: 4 });
  failWith = unreachable;
  log.append(rows(3));
  await vi.advanceTimersByTimeAsync(1_000);
  log.append(rows(3, 3));
  failWith = undefined;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written.flat().toSorted()).toEqual([0, 1, 2, 3]);
  expect(log.dropped).toBe(2);
  expect(lines.join('')).toContain('"dropped":2');
  await log.close();
});

it('writes the remaining rows when it is closed, and counts those it could not write', async () => {
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
