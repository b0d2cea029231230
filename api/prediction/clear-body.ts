// Recognises the frequent requests that their schemas would certainly accept, because the schemas take longer than a score.
import { isStorable, MAX_KEY_COLUMNS, MAX_KEY_TEXT } from '../schemas/common.ts';
import { MAX_ROWS } from '../schemas/prediction.ts';

type Fields = Readonly<Record<string, unknown>>;

/** For each part of a request, whether it is certainly valid and unchanged by its schema; false means that the schema decides. */
export const isClearlyValid = {
  params: (params: unknown): boolean => isPlainName((params as Fields)['model']),
  querystring: (query: unknown): boolean => query === undefined || Object.keys(query as Fields).length === 0,
  body: isClearBody,
} as const;

const isPlainName = (name: unknown): boolean => typeof name === 'string' && /^[\w.-]{1,200}$/.test(name);

/** Whether a body has exactly one of `features`, `rows`, `key` and `keys`, and it is valid. */
function isClearBody(body: unknown): boolean {
  if (!isObject(body)) return false;
  const names = Object.keys(body);
  const [name] = names;
  if (names.length !== 1) return false;
  if (name === 'features') return isObject(body['features']);
  if (name === 'key') return isKey(body['key']);
  if (name === 'rows') return isListOf(body['rows'], isObject);
  return name === 'keys' && isListOf(body['keys'], isKey);
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isListOf(list: unknown, isItem: (item: unknown) => boolean): boolean {
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_ROWS) return false;
  for (const item of list) if (!isItem(item)) return false;
  return true;
}

function isKey(key: unknown): boolean {
  if (!isObject(key)) return false;
  const columns = Object.keys(key);
  if (columns.length > MAX_KEY_COLUMNS) return false;
  for (const column of columns) {
    const value = key[column];
    const isValid =
      typeof value === 'string'
        ? value.length <= MAX_KEY_TEXT && isStorable(value)
        : Number.isSafeInteger(value);
    if (!isValid) return false;
  }
  return true;
}
