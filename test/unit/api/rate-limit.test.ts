import { expect, it } from 'vitest';
import { RateLimit } from '../../../api/plugins/rate-limit.ts';

const caller = (credential: string) => ({ via: 'key', credential }) as const;

it('allows a burst of two seconds, then the limit, for each key on its own', () => {
  let now = 0;
  const limit = new RateLimit(5, () => now);
  const sends = (credential: string, requests: number): number => {
    let accepted = 0;
    for (let request = 0; request < requests; request += 1) {
      try {
        limit.count(caller(credential));
        accepted += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: 'RATE_LIMITED', status: 429, retryable: true });
      }
    }
    return accepted;
  };
  expect([sends('a', 20), sends('b', 3)]).toEqual([10, 3]);
  now = 1_000;
  expect([sends('a', 20), sends('b', 20)]).toEqual([5, 10]);
  now = 60_000;
  expect(sends('a', 20)).toBe(10);
});

it('forgets idle keys, so that many keys cost no memory', () => {
  let now = 0;
  const limit = new RateLimit(1, () => now);
  for (let key = 0; key < 30_000; key += 1) {
    now += 1;
    limit.count(caller(String(key)));
  }
  // A key that is forgotten was idle for so long that it would have its full allowance anyway.
  limit.count(caller('0'));
  limit.count(caller('0'));
  expect(() => limit.count(caller('0'))).toThrow('more than 1 requests a second');
});
