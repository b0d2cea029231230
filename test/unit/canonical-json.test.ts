// Canonical JSON: the samples of RFC 8785, and a digest that depends only on the values.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, digestOf, digestOfBytes, digestsApart } from '../../domain/canonical-json.ts';

test('the sample in RFC 8785, section 3.2.2, is written exactly as in the RFC', () => {
  const input: unknown = JSON.parse(
    String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`,
  );
  expect(canonicalJson(input)).toBe(
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
      String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  );
});

test('keys are sorted by UTF-16 code units, as in RFC 8785, section 3.2.3', () => {
  const input = {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\ud83d\ude00': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  };
  expect(Object.values(JSON.parse(canonicalJson(input)) as object)).toHaveLength(7);
  const places = Object.entries(input).map(([key, name]) => ({
    name,
    at: canonicalJson(input).indexOf(JSON.stringify(key)),
  }));
  expect(places.toSorted((a, b) => a.at - b.at).map(({ name }) => name)).toEqual([
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
});

/** Bits of a double and its text, from RFC 8785, appendix B. */
const numbers = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
] as const;

test.each(numbers)('the double %s is written %s', (bits, text) => {
  expect(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE(0))).toBe(text);
});

test('a value that JSON cannot represent is refused', () => {
  for (const value of [NaN, Infinity, -Infinity, { deep: [NaN] }, undefined, () => 1]) {
    expect(() => canonicalJson(value)).toThrow();
  }
});

test('a digest is SHA-256 of the canonical text and does not depend on the order of keys', () => {
  const text = '{"a":2,"b":{"c":[1,null],"d":"é"}}';
  const digest = createHash('sha256').update(text, 'utf8').digest('hex');
  expect(digestOf({ b: { d: 'é', c: [1, null] }, a: 2 })).toBe(digest);
  expect(digestOf({ a: 2, b: { c: [1, null], d: 'é' } })).toBe(digest);
  expect(digestOfBytes(Buffer.from(text))).toBe(digest);
  expect(digestOf({ a: 2, b: { c: [null, 1], d: 'é' } })).not.toBe(digest);
});

test('parsing the canonical text returns the value, with the same digest', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const back: unknown = JSON.parse(canonicalJson(value));
      expect(canonicalJson(back)).toBe(canonicalJson(value));
      expect(back).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('two shortened digests can still be told apart, wherever they differ', () => {
  const digest = (at: number): string => `${'a'.repeat(at)}b${'a'.repeat(63 - at)}`;
  for (const at of [0, 5, 11, 12, 13, 40, 59, 60, 62, 63]) {
    const [first, second] = digestsApart('a'.repeat(64), digest(at));
    expect(first).not.toBe(second);
    expect('a'.repeat(64).startsWith(first.replace('…', ''))).toBe(true);
    expect(first.length).toBeGreaterThanOrEqual(13);
  }
  expect(digestsApart('a'.repeat(64), digest(0))).toEqual([`${'a'.repeat(12)}…`, `b${'a'.repeat(11)}…`]);
});
