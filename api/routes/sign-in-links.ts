// Makes links with which people sign in on a browser.
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { createSignInLink, LINK_MINUTES } from '../../store/identity/sessions.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant } from '../schemas/common.ts';

/** `POST /sign-in-links`. */
export function signInLinksRoute(app: App, { database, publicUrl }: ApiDeps): void {
  app.post(
    '/sign-in-links',
    {
      schema: {
        tags: ['identity'],
        summary: 'Make a link that signs the caller in on a browser, once and within ten minutes',
        response: { 200: z.object({ url: z.string(), expiresAt: instant }), ...errorResponses },
      },
    },
    async ({ caller }) => {
      if (caller.personId === null)
        throw new TidegateError('INVALID_REQUEST', 'TIDEGATE_AUTH is off, so nobody needs to sign in');
      const link = await createSignInLink(database.kysely, caller.personId);
      return {
        url: `${publicUrl}/ui/sign-in?link=${link}`,
        expiresAt: new Date(Date.now() + LINK_MINUTES * 60_000).toISOString(),
      };
    },
  );
}
