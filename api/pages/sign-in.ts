// The pages on which a browser signs in and out.
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import {
  consumeSignInLink,
  createSession,
  endSession,
  SESSION_HOURS,
} from '../../store/identity/sessions.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { type StartedSignIn } from '../identity/code-flow.ts';
import { cookieOf, SESSION_COOKIE } from '../identity/cookies.ts';
import { signInPage } from '../../console/pages/sign-in.ts';
import { PATH_OF_UI, sendPage } from './reply.ts';

const FLOW_COOKIE = 'tidegate_sign_in';
const FLOW_MINUTES = 10;

/** The pages that sign in and out. */
export function signInPages(app: App, deps: ApiDeps): void {
  const { database, publicUrl } = deps;
  const flow = deps.auth === 'off' ? undefined : deps.auth.codeFlow;
  const isHttps = publicUrl.startsWith('https:');

  const setCookie = (reply: FastifyReply, name: string, value: string, path: string, seconds: number) =>
    reply.header(
      'set-cookie',
      `${name}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${isHttps ? '; Secure' : ''}`,
    );

  app.get(
    '/ui/sign-in',
    {
      schema: {
        hide: true,
        querystring: z.object({ link: z.string().max(100).optional(), to: z.string().max(500).optional() }),
      },
    },
    (request, reply) => {
      const { link, to = '/ui' } = request.query;
      return sendPage(deps, request, reply, () =>
        signInPage({ link, start: flow ? `/ui/start?to=${encodeURIComponent(to)}` : undefined }),
      );
    },
  );

  app.post(
    '/ui/sign-in',
    { schema: { hide: true, body: z.object({ link: z.string().max(100) }) } },
    async (request, reply) => {
      const session = await consumeSignInLink(database, request.body.link);
      if (session === undefined) {
        throw new TidegateError(
          'UNAUTHENTICATED',
          'the link was used already, or is older than ten minutes',
          {
            remedy: 'Get another one with `tidegate sign-in`.',
          },
        );
      }
      setCookie(reply, SESSION_COOKIE, session, '/ui', SESSION_HOURS * 3_600);
      return reply.redirect('/ui', 303);
    },
  );

  app.get(
    '/ui/start',
    { schema: { hide: true, querystring: z.object({ to: z.string().max(500).default('/ui') }) } },
    async ({ query: { to } }, reply) => {
      if (!flow)
        throw new TidegateError('UNAUTHENTICATED', 'no issuer is set up', {
          remedy: 'Sign in with a link: `tidegate sign-in`.',
        });
      const { url, started } = await flow.start(PATH_OF_UI.test(to) ? to : '/ui');
      const kept = Buffer.from(JSON.stringify(started)).toString('base64url');
      setCookie(reply, FLOW_COOKIE, kept, '/ui/callback', FLOW_MINUTES * 60);
      return reply.header('cache-control', 'no-store').redirect(url.href);
    },
  );

  app.get('/ui/callback', { schema: { hide: true } }, async (request, reply) => {
    const started = startedSignIn(request);
    if (!flow || !started || deps.auth === 'off') {
      throw new TidegateError(
        'UNAUTHENTICATED',
        'this browser did not begin the sign-in, or not within ten minutes',
        {
          remedy: 'Sign in once more.',
        },
      );
    }
    const { search } = new URL(request.url, publicUrl);
    const claims = await flow.finish(search, started);
    const principal = await deps.auth.principalOf(claims);
    const session = await createSession(database.kysely, {
      principalId: principal.id,
      groups: claims.groups,
      via: 'oidc',
    });
    setCookie(reply, FLOW_COOKIE, '', '/ui/callback', 0);
    setCookie(reply, SESSION_COOKIE, session, '/ui', SESSION_HOURS * 3_600);
    return reply.redirect(PATH_OF_UI.test(started.to) ? started.to : '/ui', 303);
  });

  app.post('/ui/sign-out', { schema: { hide: true } }, async (request, reply) => {
    const session = cookieOf(request, SESSION_COOKIE);
    if (session !== undefined) await endSession(database.kysely, session);
    setCookie(reply, SESSION_COOKIE, '', '/ui', 0);
    return reply.redirect('/ui/sign-in', 303);
  });
}

function startedSignIn(request: FastifyRequest): StartedSignIn | undefined {
  const kept = cookieOf(request, FLOW_COOKIE);
  if (kept === undefined || kept === '') return undefined;
  try {
    const { data } = startedSchema.safeParse(JSON.parse(Buffer.from(kept, 'base64url').toString()));
    return data;
  } catch {
    return undefined;
  }
}

const startedSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  to: z.string(),
});
