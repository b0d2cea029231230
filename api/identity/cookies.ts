// Reads the cookies of a request.
import { type FastifyRequest } from 'fastify';

/** Cookie with the secret of a session; browsers send it to pages below /ui only. */
export const SESSION_COOKIE = 'tidegate_session';

/** Returns the value of a cookie. If it was sent twice, the first counts, which has the longest path. */
export function cookieOf({ headers }: Pick<FastifyRequest, 'headers'>, name: string): string | undefined {
  for (const part of (headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
