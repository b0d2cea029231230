// Values that stand for "none" where null should.

const EXTREMES = new Set([
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 32 - 1,
  2 ** 15 - 1,
  -(2 ** 15),
  2 ** 16 - 1,
  2 ** 53 - 1,
]);

const TEXTS = new Set([
  ...[
    '',
    '-',
    '--',
    '?',
    '.',
    '0',
    '-1',
    'n/a',
    'na',
    '#n/a',
    'nan',
    'null',
    '(null)',
    '\\n',
    'nil',
    'none',
    'undefined',
  ],
  ...[
    'unknown',
    'unk',
    'other',
    'others',
    'missing',
    'default',
    'not set',
    'not available',
    'not applicable',
    'empty',
  ],
  ...['tbd', 'todo', 'test', 'xxx', 'no value', 'unspecified', 'invalid'],
]);

/** Whether programs write the number for "none": 0, −1, nines such as −999, and the ends of whole number types. */
export const isDefaultNumber = (value: number): boolean =>
  value === 0 || value === -1 || /^-?9{2,}(\.9+)?$/.test(String(value)) || EXTREMES.has(value);

/** Whether a text says "none", such as `unknown`, `N/A` or nothing at all; case and space around it do not matter. */
export const isDefaultText = (value: string): boolean => TEXTS.has(value.trim().toLowerCase());
