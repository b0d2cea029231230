// Formatting of numbers: different numbers never look the same, and quoted values have all their digits.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  apart,
  exact,
  fixed,
  percent,
  percents,
  formatPValue,
  rounded,
} from '../../domain/format-numbers.ts';

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const far = (a: number, b: number): boolean =>
  Math.abs(a / 2 - b / 2) > 1e-14 * Math.max(Math.abs(a), Math.abs(b));

describe('numbers that are shown together', () => {
  it.each([
    [
      [7.07, 500_123.4],
      ['7.07', '500123'],
    ],
    [
      [9.22e18, 9.2203e18],
      ['9.22e18', '9.2203e18'],
    ],
    [
      [2.2996, 2.3004],
      ['2.2996', '2.3004'],
    ],
    [
      [2.3, 2.836],
      ['2.3', '2.84'],
    ],
    [
      [999_999, 1_000_000],
      ['999999', '1000000'],
    ],
    [
      [0.3, 0.1 + 0.2],
      ['0.3', '0.3'],
    ],
    [
      [0.09996, 0.1],
      ['0.09996', '0.1'],
    ],
    [
      [1.7e9 + 0.25, 1.7e9 + 0.5],
      ['1700000000.25', '1700000000.5'],
    ],
  ])('have enough digits to distinguish them: %j', (values, texts) => {
    expect(apart(values)).toEqual(texts);
  });

  it('differ by their true difference, within a tenth of it', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [from, to] = apart([a, b]).map(Number) as [number, number];
        if (!far(a, b)) return;
        const difference = b / 2 - a / 2;
        expect(Math.abs(to / 2 - from / 2 - difference)).toBeLessThanOrEqual(0.1001 * Math.abs(difference));
      }),
    );
  });

  it('have different texts, however many numbers there are', () => {
    const near = fc.double({ min: 1e9, max: 1e9 + 1e-3, noNaN: true });
    fc.assert(
      fc.property(fc.uniqueArray(fc.oneof(number, near), { minLength: 3, maxLength: 8 }), (values) => {
        const texts = apart(values);
        values.forEach((value, at) =>
          values.slice(at + 1).forEach((other, after) => {
            if (far(value, other)) expect(texts[at]).not.toBe(texts[at + 1 + after]);
          }),
        );
      }),
    );
  });
});

describe('a number on a fixed scale', () => {
  it('has three decimals, and more if it would look like its bound, 0 or another number', () => {
    expect(fixed([0.6224, 0.58, 0.6637])).toEqual(['0.622', '0.580', '0.664']);
    expect(fixed([0.69996], [0.7])).toEqual(['0.69996']);
    expect(fixed([0.0004, -0.0001, 0.0009])).toEqual(['0.0004', '-0.0001', '0.0009']);
    expect(fixed([0.85304, 0.85301])).toEqual(['0.85304', '0.85301']);
    expect(fixed([0.5, 0.5, 0.5])).toEqual(['0.500', '0.500', '0.500']);
    expect(fixed([-1e-9])).toEqual(['0.000']);
  });
});

describe('a value of the data', () => {
  it('is quoted with every digit', () => {
    expect([999_999, 0.1, -0, 1e21, 123_456.789, 5e-324].map(exact)).toEqual([
      '999999',
      '0.1',
      '0',
      '1e21',
      '123456.789',
      '5e-324',
    ]);
    fc.assert(fc.property(number, (value) => void expect(Number(exact(value))).toBe(value + 0)));
  });
});

describe('a measured number', () => {
  it('has three significant digits, and all digits before the decimal point', () => {
    expect([0.20649, 99.96, 123.4, 500_123.4, 9.2233e18, 1e-9, NaN].map((value) => rounded(value))).toEqual([
      '0.206',
      '100',
      '123',
      '500123',
      '9.22e18',
      '1e-9',
      'NaN',
    ]);
  });
});

describe('a percentage', () => {
  it('is shown as 0 % or 100 % only if the share is exactly 0 or 1', () => {
    expect([0, 1, 0.0017, 0.99996, 1e-9].map(percent)).toEqual([
      '0 %',
      '100 %',
      '0.17 %',
      '99.996 %',
      '1e-7 %',
    ]);
    expect(percents([0.30001, 0.3])).toEqual(['30.001 %', '30 %']);
    expect(percents([0.99996, 1])).toEqual(['99.996 %', '100 %']);
  });
});

describe('a p-value', () => {
  it('is shown on the correct side of its bound', () => {
    expect([3e-9, 0.031, 1, 0.99996].map((p) => formatPValue(p))).toEqual([
      '<0.0001',
      '0.031',
      '1',
      '0.99996',
    ]);
    expect([0.0496, 0.04999, 0.0501, 0.05].map((p) => formatPValue(p, 0.05))).toEqual([
      '0.0496',
      '0.04999',
      '0.0501',
      '0.05',
    ]);
  });
});
