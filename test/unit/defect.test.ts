// Which errors count as defects of the program, and which as temporary failures.
import { strictEqual } from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { failureOf, errorOf } from '../../activities/compute/message.ts';
import { defectOf } from '../../domain/defect.ts';

/** Returns what a piece of code throws, synchronously or as a rejected promise. */
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
  ['reads a property of undefined', () => nothing.rows],
  ['creates an array with a negative length', () => new Float64Array(-1)],
  ['formats an invalid date', () => new Date(NaN).toISOString()],
  ['parses a text that is not JSON', () => JSON.parse('{') as unknown],
  [
    'recurses without end',
    function again(): number {
      return 1 + again();
    },
  ],
  ['fails an assertion', () => strictEqual(1, 2)],
  ['passes a wrong argument to Node', () => new EventEmitter().on('x', 3 as never)],
  ['sends a function to a thread', () => new MessageChannel().port1.postMessage(() => 1)],
  ['fetches an invalid address', () => fetch('not an address')],
])('an error of code that %s is a DEFECT', async (_, code) => {
  const error = await thrownBy(code);
  const defect = defectOf(error);
  expect(defect).toMatchObject({ code: 'DEFECT', retryable: false, cause: error });
  expect(defect?.message).toBe(`${(error as Error).name}: ${(error as Error).message}`);
});

it('a request that nobody answers is not a DEFECT, although `fetch` throws a TypeError', async () => {
  const error = await thrownBy(() => fetch('http://127.0.0.1:1/'));
  expect(error).toBeInstanceOf(TypeError);
  expect(defectOf(error)).toBeUndefined();
});

it.each([
  ['a plain error', new Error('the webhook answered 503')],
  ['a socket that was reset', refused('ECONNRESET')],
  ['a host whose addresses all refuse the connection', new AggregateError([refused('ECONNREFUSED')])],
  ['a body that was cut off', new TypeError('terminated', { cause: refused('UND_ERR_SOCKET') })],
  ['a lack of memory', new RangeError('Array buffer allocation failed')],
  [
    'a stream that was closed in the meantime',
    Object.assign(new TypeError('Invalid state: Controller is already closed'), {
      code: 'ERR_INVALID_STATE',
    }),
  ],
  ['a thrown string', 'boom'],
])('%s is not a DEFECT', (_, error) => {
  expect(defectOf(error)).toBeUndefined();
});

it('a DEFECT in a compute thread reaches the worker as such, and any other error is retried', async () => {
  const error = (await thrownBy(() => nothing.rows)) as Error;
  const carried = errorOf(structuredClone(failureOf(error)));
  expect(carried).toMatchObject({ code: 'DEFECT', retryable: false });
  expect(carried.message).toBe(`TypeError: ${error.message}`);
  expect((carried.cause as Error).stack).toBe(error.stack);
  expect(errorOf(failureOf(new Error('boom'))).code).toBe('TRAINING_THREAD_FAILED');
});
