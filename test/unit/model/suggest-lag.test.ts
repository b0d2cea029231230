// The suggested lag of a view.
import { expect, test } from 'vitest';
import { suggestLag } from '../../../domain/model/suggest-lag.ts';

const HOUR = 3_600;

test.each([
  [0, '0 hours'],
  [-5, '0 hours'],
  [Number.NaN, '0 hours'],
  [0.001, '1 minute'],
  [60, '1 minute'],
  [61, '2 minutes'],
  [HOUR, '60 minutes'],
  [HOUR + 1, '2 hours'],
  [21_480, '6 hours'],
  [48 * HOUR, '48 hours'],
  [48 * HOUR + 1, '3 days'],
  [72 * HOUR, '3 days'],
])('for a delay of %d seconds, a lag of %s is suggested', (seconds, lag) => {
  expect(suggestLag(seconds)).toBe(lag);
});
