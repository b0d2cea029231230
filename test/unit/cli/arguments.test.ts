// Parsing of arguments.
import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  parseInstant,
  parseKey,
  parseNumber,
  parseObject,
  parseText,
} from '../../../cli/shared/arguments.ts';

describe('parseInstant', () => {
  it('parses a day as midnight UTC, and an instant with its offset', () => {
    expect(parseInstant('2024-02-29')).toEqual(new Date('2024-02-29T00:00:00Z'));
    expect(parseInstant('2024-02-29T06:00:00+02:00')).toEqual(new Date('2024-02-29T04:00:00Z'));
    expect(parseInstant('2024-02-29T06:00Z')).toEqual(new Date('2024-02-29T06:00:00Z'));
  });

  it.each([
    '2024-02-30',
    '2023-02-29',
    '2024-13-01',
    '29.02.2024',
    '2024-02-29T06:00',
    'yesterday',
    '',
    '1709164800',
  ])('refuses "%s"', (text) => {
    expect(() => parseInstant(text)).toThrow(InvalidArgumentError);
  });
});

describe('parseNumber', () => {
  it('parses a version with or without a leading v', () => {
    expect([parseNumber('2'), parseNumber('v12')]).toEqual([2, 12]);
  });

  it.each(['0', 'v0', '-1', '1.5', 'two', '', '1e3', 'vv1', '9999999999'])('refuses "%s"', (text) => {
    expect(() => parseNumber(text)).toThrow(InvalidArgumentError);
  });
});

describe('parseKey', () => {
  it('collects the columns of a key, and keeps further equals signs in the value', () => {
    expect(parseKey('b=x=y', parseKey('a=1'))).toEqual({ a: '1', b: 'x=y' });
  });

  it('accepts an empty value but not an empty column', () => {
    expect(parseKey('a=')).toEqual({ a: '' });
    expect(() => parseKey('=1')).toThrow(InvalidArgumentError);
    expect(() => parseKey('a')).toThrow(InvalidArgumentError);
  });
});

describe('parseText', () => {
  it('trims a text', () => {
    expect(parseText(' grace hopper ')).toBe('grace hopper');
  });

  it.each(['', ' ', '\t\n'])('refuses %j', (text) => {
    expect(() => parseText(text)).toThrow(InvalidArgumentError);
  });
});

describe('parseObject', () => {
  it('parses a JSON object', () => {
    expect(parseObject('{"a": null}')).toEqual({ a: null });
  });

  it.each(['[1]', 'null', '1', '{a: 1}', ''])('refuses %s', (text) => {
    expect(() => parseObject(text)).toThrow(InvalidArgumentError);
  });
});
