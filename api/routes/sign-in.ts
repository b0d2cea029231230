// Pages below /ui on which a browser signs in and out. The console adds its pages there.
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { TidegateError } from '../../domain/errors.ts';
import { rolesOfCaller } from '../../domain/identity/caller.ts';
import {
  consumeSignInLink,
  createSession,
  createSignInLink,
  endSession,
  LINK_MINUTES,
  SESSION_HOURS,
} from '../../store/identity/sessions.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { type StartedSignIn } from '../identity/code-flow.ts';
import { cookieOf, SESSION_COOKIE } from '../identity/cookies.ts';
import { errorResponses, instant } from '../schemas/common.ts';

const FLOW_COOKIE = 'tidegate_sign_in';
const FLOW_MINUTES = 10;

/** Only paths of these pages are shown after a sign-in, so that a link cannot lead elsewhere. */
const PATH_OF_UI = /^\/ui(\/[\w./-]*)?(\?[\w=&%.-]*)?$/;

/** `GET /ui` and what signs in and out; also `POST /sign-in-links`. */
export function signInRoutes(app: App, deps: ApiDeps): void {
  const { database, publicUrl } = deps;
  const flow = deps.auth === 'off' ? undefined : deps.auth.codeFlow;
  const isHttps = publicUrl.startsWith('https:');

  const setCookie = (reply: FastifyReply, name: string, value: string, path: string, seconds: number) =>
    reply.header(
      'set-cookie',
      `${name}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${isHttps ? '; Secure' : ''}`,
    );

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

  void app.register((child, _options, done) => {
    const ui = child.withTypeProvider<ZodTypeProvider>() as unknown as App;
    ui.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 64 * 1024 },
      (_request, body, parsed) => parsed(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
    ui.setErrorHandler((error: Error & { remedy?: string; status?: number }, request, reply) => {
      request.log.info({ err: error }, 'a page was not shown');
      const known = error instanceof TidegateError ? error : undefined;
      return page(reply.status(known?.status ?? 400), 'Not signed in', [
        `<p>${escaped(known?.message ?? 'The request could not be read.')}</p>`,
        `<p>${escaped(known?.remedy ?? '')}</p>`,
        '<p><a href="/ui/sign-in">Sign in</a></p>',
      ]);
    });

    ui.get('/ui', { schema: { hide: true } }, ({ caller, csrf }, reply) =>
      page(reply, 'Tidegate', [
        `<p>Signed in as <b>${escaped(caller.name)}</b>. Roles for all models: ${escaped(rolesOfCaller(caller, null).join(', ') || 'none')}.</p>`,
        csrf === null
          ? ''
          : `<form method="post" action="/ui/sign-out"><input type="hidden" name="csrf" value="${escaped(csrf)}"><button>Sign out</button></form>`,
      ]),
    );

    ui.get(
      '/ui/sign-in',
      {
        schema: {
          hide: true,
          querystring: z.object({ link: z.string().max(100).optional(), to: z.string().max(500).optional() }),
        },
      },
      ({ query: { link, to = '/ui' } }, reply) =>
        page(reply, 'Sign in to Tidegate', [
          // A page with a button, because programs that preview links would use the link up by opening it.
          link === undefined
            ? ''
            : `<form method="post" action="/ui/sign-in"><input type="hidden" name="link" value="${escaped(link)}"><button>Sign in</button></form>`,
          flow
            ? `<p><a href="/ui/start?to=${encodeURIComponent(to)}">Sign in with your organization</a></p>`
            : '',
          link === undefined && !flow
            ? '<p>Run <code>tidegate sign-in</code>, and open the link that it prints.</p>'
            : '',
        ]),
    );

    ui.post(
      '/ui/sign-in',
      { schema: { hide: true, body: z.object({ link: z.string().max(100) }) } },
      async (request, reply) => {
        requireSameOrigin(request);
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

    ui.get(
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

    ui.get('/ui/callback', { schema: { hide: true } }, async (request, reply) => {
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

    ui.post('/ui/sign-out', { schema: { hide: true } }, async (request, reply) => {
      const session = cookieOf(request, SESSION_COOKIE);
      if (session !== undefined) await endSession(database.kysely, session);
      setCookie(reply, SESSION_COOKIE, '', '/ui', 0);
      return reply.redirect('/ui/sign-in', 303);
    });
    done();
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

/** Refuses a form that a page of another site sent, because it could sign a person in as somebody else. */
function requireSameOrigin({ headers }: FastifyRequest): void {
  const site = headers['sec-fetch-site'];
  const { origin, host } = headers;
  const isOwn =
    site === undefined
      ? origin === undefined || origin.replace(/^https?:\/\//, '') === host
      : site === 'same-origin' || site === 'none';
  if (!isOwn) throw new TidegateError('FORBIDDEN', 'the form was sent by a page of another site');
}

function page(reply: FastifyReply, title: string, body: readonly string[]): FastifyReply {
  return reply
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      // The address may contain a sign-in link.
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .serializer(String)
    .send(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title></head>` +
        `<body><h1>${escaped(title)}</h1>${body.join('')}</body></html>`,
    );
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!);
