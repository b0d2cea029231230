// The holdout: chosen by a hash of the cluster's key, which must never change.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { holdoutBound, holdoutBucket, isHeldOut } from '../../../domain/model/holdout.ts';

test('the bucket is the first 32 bits of SHA-256 over all parts, each after its length in bytes', () => {
  const digest = createHash('sha256').update('5:churn2:é1:b').digest();
  expect(holdoutBucket('churn', ['é', 'b'])).toBe(digest.readUInt32BE(0));
});

test('buckets have not changed since the first version was trained', () => {
  // These numbers must never change: others would move rows on which versions were trained into the holdout.
  expect(holdoutBucket('churn', ['7590-VHVEG'])).toBe(562251400);
  expect(holdoutBucket('churn', ['1', '11'])).toBe(2286222842);
  expect(holdoutBucket('churn', [''])).toBe(1747077070);
});

test('the same text divided differently into parts has different buckets', () => {
  const keys = [['1', '11'], ['11', '1'], ['111'], ['111', ''], ['', '111'], ['1', '1', '1'], ['1:1', '1']];
  expect(new Set(keys.map((key) => holdoutBucket('churn', key))).size).toBe(keys.length);
  expect(holdoutBucket('churn1', ['1'])).not.toBe(holdoutBucket('churn', ['11']));
});

test.each([0.05, 0.2, 0.5])('with a share of %d, about that share of 100,000 keys is held out', (share) => {
  const keys = Array.from({ length: 100_000 }, (_, n) => [`user ${n}`]);
  const held = keys.filter((key) => isHeldOut({ salt: 'churn', share }, key)).length;
  // Five standard deviations of a binomial.
  expect(Math.abs(held - 100_000 * share)).toBeLessThan(5 * Math.sqrt(100_000 * share * (1 - share)));
});

test('a larger share holds out all keys that a smaller share holds out', () => {
  const keys = Array.from({ length: 1_000 }, (_, n) => [`${n}`]);
  const small = keys.filter((key) => isHeldOut({ salt: 's', share: 0.1 }, key));
  expect(small.length).toBeGreaterThan(0);
  expect(small.every((key) => isHeldOut({ salt: 's', share: 0.2 }, key))).toBe(true);
});

test('models with different names hold out different keys', () => {
  const keys = Array.from({ length: 1_000 }, (_, n) => [`${n}`]);
  const held = (salt: string) => keys.map((key) => isHeldOut({ salt, share: 0.2 }, key));
  expect(held('churn')).not.toEqual(held('upsell'));
});

test('the bound is the given share of all buckets', () => {
  expect(holdoutBound(0.5)).toBe(2 ** 31);
  expect(holdoutBound(0.2)).toBe(858_993_459);
});
