// Which errors are faults in the program, and which pass.
import { strictEqual } from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { failureOf, errorOf } from '../../activities/compute/message.ts';
import { defectOf } from '../../domain/defect.ts';

/** What a piece of code throws, at once or later. */
const thrownBy = async (code: () => unknown): Promise<unknown> => {
  try {
    await code();
  } catch (error) {
    return error;
  }
  throw new Error('it threw nothing');
};

const nothing = undefined as unknown as { readonly rows: number };
const refused = (code: string): Error => Object.assign(new Error(`connect ${code} 10.0.0.1:443`), { code });

it.each<[string, () => unknown]>([
  ['reads a property of nothing', () => nothing.rows],
  ['asks for an array of a length that none has', () => new Float64Array(-1)],
  ['writes an instant that is none', () => new Date(NaN).toISOString()],
  ['parses a text that is no JSON', () => JSON.parse('{') as unknown],
  [
    'never ends',
    function again(): number {
      return 1 + again();
    },
  ],
  ['asserts what does not hold', () => strictEqual(1, 2)],
  ['gives Node a wrong argument', () => new EventEmitter().on('x', 3 as never)],
  ['sends a function to a thread', () => new MessageChannel().port1.postMessage(() => 1)],
  ['asks for an address that is none', () => fetch('not an address')],
])('code that %s is at fault', async (_, code) => {
  const error = await thrownBy(code);
  const defect = defectOf(error);
  expect(defect).toMatchObject({ code: 'DEFECT', retryable: false, cause: error });
  expect(defect?.message).toBe(`${(error as Error).name}: ${(error as Error).message}`);
});

it('a request that nobody answers may pass, though `fetch` calls it a TypeError', async () => {
  const error = await thrownBy(() => fetch('http://127.0.0.1:1/'));
  expect(error).toBeInstanceOf(TypeError);
  expect(defectOf(error)).toBeUndefined();
});

it.each([
  ['a plain error', new Error('the webhook answered 503')],
  ['a socket that was reset', refused('ECONNRESET')],
  ['addresses that all refused', new AggregateError([refused('ECONNREFUSED')])],
  ['a body that was cut off', new TypeError('terminated', { cause: refused('UND_ERR_SOCKET') })],
  ['memory that is short', new RangeError('Array buffer allocation failed')],
  [
    'a stream that was closed meanwhile',
    Object.assign(new TypeError('Invalid state: Controller is already closed'), {
      code: 'ERR_INVALID_STATE',
    }),
  ],
  ['no error at all', 'boom'],
])('%s may pass', (_, error) => {
  expect(defectOf(error)).toBeUndefined();
});

it('a fault in a compute thread keeps its code on the way to the worker, and any other error is tried again', async () => {
  const error = (await thrownBy(() => nothing.rows)) as Error;
  const carried = errorOf(structuredClone(failureOf(error)));
  expect(carried).toMatchObject({ code: 'DEFECT', retryable: false });
  expect(carried.message).toBe(`TypeError: ${error.message}`);
  expect((carried.cause as Error).stack).toBe(error.stack);
  expect(errorOf(failureOf(new Error('boom'))).code).toBe('TRAINING_THREAD_FAILED');
});
