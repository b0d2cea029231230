// Says in whose name a request acts.
import { type FastifyRequest } from 'fastify';
import { sameName } from '../../domain/decisions/written-text.ts';
import { TidegateError } from '../../domain/errors.ts';

/**
 * Returns the name of the caller. If TIDEGATE_AUTH is off, it is the name that the request claims.
 *
 * @param field the field with the claimed name, for the error
 * @throws TidegateError INVALID_REQUEST if an authenticated caller claims a name, even their own
 */
export function requesterOf(
  { caller }: Pick<FastifyRequest, 'caller'>,
  claimed: string | undefined,
  field = 'requestedBy',
): string {
  if (caller.via === 'off') return claimed ?? caller.name;
  if (claimed === undefined) return caller.name;
  const isOwn = sameName(claimed, caller.name);
  throw new TidegateError(
    'INVALID_REQUEST',
    isOwn
      ? `${field} is only for an API with TIDEGATE_AUTH=off`
      : `${field} names ${claimed}, but the key belongs to ${caller.name}`,
    {
      remedy: `Leave ${field} out (on the command line, --by): the key says who you are.`,
      places: [{ at: field, problem: isOwn ? 'must be left out' : `is not the name of the key's owner` }],
    },
  );
}
