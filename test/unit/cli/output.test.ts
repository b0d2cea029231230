// What the command line writes, and to which stream.
import { describe, expect, it } from 'vitest';
import { day, interval, minute, pValue, short, three } from '../../../cli/output/format.ts';
import { Output, tableLines } from '../../../cli/output/output.ts';

const recorder = (isTTY = false) => {
  const texts: string[] = [];
  return { isTTY, write: (text: string) => texts.push(text), text: () => texts.join('') };
};

const ESCAPE = '\u001b[';

describe('tableLines', () => {
  it('aligns texts to the left and columns of numbers to the right', () => {
    const rows = [
      ['v1', 9, '0.5'],
      ['v10', 1_000, null],
    ];
    expect(tableLines({ head: ['name', 'rows', 'p'], rows })).toEqual([
      'name  rows    p',
      'v1       9  0.5',
      'v10   1000    –',
    ]);
  });

  it('aligns a column with one text in it to the left', () => {
    expect(tableLines({ head: ['bound'], rows: [[1], ['none']] })).toEqual(['bound', '1', 'none']);
  });

  it('counts characters, not code units', () => {
    expect(tableLines({ head: ['a', 'b'], rows: [['𝒳', 'x']] })).toEqual(['a  b', '𝒳  x']);
  });

  it('shows only the head if there are no rows', () => {
    expect(tableLines({ head: ['a', 'b'], rows: [] })).toEqual(['a  b']);
  });
});

describe('Output', () => {
  it('writes no colour when standard output is not a terminal', () => {
    const stdout = recorder(false);
    const output = new Output({ stdout, stderr: recorder() });
    output.heading('title');
    output.table({ head: ['a'], rows: [[1]] });
    expect(stdout.text()).toBe('title\na\n1\n');
  });

  it('makes titles bold on a terminal, unless colours are switched off', () => {
    const terminal = recorder(true);
    new Output({ stdout: terminal, stderr: recorder() }).heading('title');
    expect(terminal.text()).toContain(ESCAPE);
    const plain = recorder(true);
    new Output({ stdout: plain, stderr: recorder(), colour: false }).heading('title');
    expect(plain.text()).toBe('title\n');
  });

  it('replaces the previous status, on a terminal only', () => {
    const terminal = recorder(true);
    const shown = new Output({ stdout: recorder(), stderr: terminal });
    shown.status('1 %');
    shown.status('');
    expect(terminal.text()).toBe(`\r${ESCAPE}K1 %\r${ESCAPE}K`);
    const file = recorder(false);
    new Output({ stdout: recorder(true), stderr: file }).status('1 %');
    expect(file.text()).toBe('');
  });

  it('writes progress to standard error, not into the answer', () => {
    const stdout = recorder();
    const stderr = recorder();
    const output = new Output({ stdout, stderr });
    output.progress('training …');
    output.json({ version: 2, at: new Date(0) });
    expect(JSON.parse(stdout.text())).toEqual({ version: 2, at: '1970-01-01T00:00:00.000Z' });
    expect(stderr.text()).toBe('training …\n');
  });
});

describe('formats', () => {
  it('show an as-of at midnight as its day, any other with the minute', () => {
    expect(day(new Date('2024-02-29T00:00:00Z'))).toBe('2024-02-29');
    expect(day(new Date('2024-02-29T06:30:00Z'))).toBe('2024-02-29 06:30');
    expect(minute(new Date('2024-02-29T00:00:00Z'))).toBe('2024-02-29 00:00');
  });

  it('show tiny p-values as a bound, and others with two digits', () => {
    expect([pValue(0), pValue(9.9e-5), pValue(1e-4), pValue(0.123), pValue(1)]).toEqual([
      '<0.0001',
      '<0.0001',
      '0.0001',
      '0.12',
      '1',
    ]);
  });

  it('return null for a missing value', () => {
    expect([three(null), interval(undefined), pValue(null), short(undefined)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('keep three significant digits of a small number and all integer digits of a large one', () => {
    expect([0.20649, -0.00012345, 5.2, 401, 5621, 79_968.4].map(short)).toEqual([
      '0.206',
      '-0.000123',
      '5.2',
      '401',
      '5621',
      '79968',
    ]);
  });

  it('show a value with its interval', () => {
    expect(interval({ value: 0.62161, low: 0.58, high: 0.664 })).toBe('0.622 (0.580 to 0.664)');
  });
});
