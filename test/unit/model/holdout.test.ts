// The holdout: a hash of the cluster's key, the same for ever.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { holdoutBound, holdoutBucket, isHeldOut } from '../../../domain/model/holdout.ts';

test('the bucket is the first 32 bits of SHA-256 over each part behind its length in bytes', () => {
  const digest = createHash('sha256').update('5:churn2:é1:b').digest();
  expect(holdoutBucket('churn', ['é', 'b'])).toBe(digest.readUInt32BE(0));
});

test('buckets are what they were when the first version was trained', () => {
  // Fixed for ever: other numbers would move rows that versions were trained on into the holdout.
  expect(holdoutBucket('churn', ['7590-VHVEG'])).toBe(562251400);
  expect(holdoutBucket('churn', ['1', '11'])).toBe(2286222842);
  expect(holdoutBucket('churn', [''])).toBe(1747077070);
});

test('parts do not run into each other', () => {
  const keys = [['1', '11'], ['11', '1'], ['111'], ['111', ''], ['', '111'], ['1', '1', '1'], ['1:1', '1']];
  expect(new Set(keys.map((key) => holdoutBucket('churn', key))).size).toBe(keys.length);
  expect(holdoutBucket('churn1', ['1'])).not.toBe(holdoutBucket('churn', ['11']));
});

test.each([0.05, 0.2, 0.5])('a share of %d holds out about as many of 100,000 keys', (share) => {
  const keys = Array.from({ length: 100_000 }, (_, n) => [`user ${n}`]);
  const held = keys.filter((key) => isHeldOut({ salt: 'churn', share }, key)).length;
  // Five standard deviations of a binomial.
  expect(Math.abs(held - 100_000 * share)).toBeLessThan(5 * Math.sqrt(100_000 * share * (1 - share)));
});

test('a larger share holds out all that a smaller one does', () => {
  const keys = Array.from({ length: 1_000 }, (_, n) => [`${n}`]);
  const small = keys.filter((key) => isHeldOut({ salt: 's', share: 0.1 }, key));
  expect(small.length).toBeGreaterThan(0);
  expect(small.every((key) => isHeldOut({ salt: 's', share: 0.2 }, key))).toBe(true);
});

test('models with other names hold out other keys', () => {
  const keys = Array.from({ length: 1_000 }, (_, n) => [`${n}`]);
  const held = (salt: string) => keys.map((key) => isHeldOut({ salt, share: 0.2 }, key));
  expect(held('churn')).not.toEqual(held('upsell'));
});

test('the bound is the share of all buckets', () => {
  expect(holdoutBound(0.5)).toBe(2 ** 31);
  expect(holdoutBound(0.2)).toBe(858_993_459);
});
