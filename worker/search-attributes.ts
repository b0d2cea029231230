// Checks that the server has the search attributes that every run sets; without them the first run would be stuck.
import { type NativeConnection } from '@temporalio/worker';
import { TidegateError } from '../domain/errors.ts';
import { searchAttributes } from '../workflows/protocol/messages.ts';
import { temporalFailure } from '../domain/temporal-failure.ts';

// In the order of their numbers in Temporal's protocol, which start at 1.
const KINDS = [
  { type: 'TEXT', kind: 'Text' },
  { type: 'KEYWORD', kind: 'Keyword' },
  { type: 'INT', kind: 'Int' },
  { type: 'DOUBLE', kind: 'Double' },
  { type: 'BOOL', kind: 'Bool' },
  { type: 'DATETIME', kind: 'Datetime' },
  { type: 'KEYWORD_LIST', kind: 'KeywordList' },
] as const;

type SearchAttributeKind = (typeof KINDS)[number]['kind'];

const kindOfType = (type: string): SearchAttributeKind =>
  KINDS.find((entry) => entry.type === type)?.kind ?? 'Keyword';

const kindOfNumber = (number: number): SearchAttributeKind | undefined => KINDS[number - 1]?.kind;

/** Name and type of each search attribute, spelled as in the Temporal CLI. */
export const searchAttributeKinds: Readonly<Record<string, SearchAttributeKind>> = Object.fromEntries(
  Object.values(searchAttributes).map(({ name, type }) => [name, kindOfType(type)]),
);

/** Returns the command that registers search attributes. @example registerCommand(['TidegateModel'], 'default') */
const registerCommand = (names: readonly string[], namespace: string): string =>
  [
    `temporal operator search-attribute create --namespace ${namespace}`,
    ...names.map((name) => `--name ${name} --type ${searchAttributeKinds[name]}`),
  ].join(' ');

/**
 * Refuses a server on which a search attribute is missing or has another type.
 *
 * @throws TidegateError SEARCH_ATTRIBUTES_MISSING with the command that registers what is missing
 */
export async function checkSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing: string[] = [];
  for (const [name, kind] of Object.entries(searchAttributeKinds)) {
    const found = customAttributes[name];
    if (found === undefined || found === null) missing.push(name);
    else if (kindOfNumber(found) !== kind) {
      throw new TidegateError(
        'SEARCH_ATTRIBUTES_MISSING',
        `search attribute ${name} of namespace ${namespace} has type ${kindOfNumber(found)} and must have ${kind}`,
        {
          remedy: `Remove it with \`temporal operator search-attribute remove --namespace ${namespace} --name ${name}\`, then: ${registerCommand([name], namespace)}`,
        },
      );
    }
  }
  if (missing.length === 0) return;
  throw new TidegateError(
    'SEARCH_ATTRIBUTES_MISSING',
    `namespace ${namespace} lacks the search attributes ${missing.join(', ')}`,
    { remedy: `Register them: ${registerCommand(missing, namespace)}` },
  );
}

/** Returns the error of a failed connection, with the address; TEMPORAL_UNREACHABLE if no better code is known. */
export function temporalUnreachable(address: string | undefined, cause: unknown): TidegateError {
  const at = address ?? 'localhost:7233';
  const known = temporalFailure(cause);
  if (known && known.code !== 'TEMPORAL_UNREACHABLE' && known.code !== 'TEMPORAL_TIMEOUT') {
    return new TidegateError(known.code, `${known.message} (${at})`, { cause });
  }
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new TidegateError('TEMPORAL_UNREACHABLE', `Temporal at ${at} did not answer: ${problem}`, { cause });
}
