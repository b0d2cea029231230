// All pages below /ui: forms, errors as pages, and the checks that keep other sites away.
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { errorPage } from '../../console/pages/sign-in.ts';
import { partsPage } from '../../console/pages/parts-page.ts';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type Caller } from '../../domain/identity/caller.ts';
import { isLoopback } from '../../domain/identity/loopback.ts';
import { type SendDecision } from '../context/send-decision.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { toTidegateError } from '../plugins/errors.ts';
import { assetRoutes } from './assets.ts';
import { auditPages } from './audit.ts';
import { featuresPages } from './features.ts';
import { liveRoute } from './live.ts';
import { overviewPages } from './overview.ts';
import { modelPages } from './model.ts';
import { PATH_OF_UI, sendPage, THEME_COOKIE } from './reply.ts';
import { reportPages } from './report.ts';
import { settingsPages } from './settings.ts';
import { signInPages } from './sign-in.ts';
import { tryPages } from './try.ts';
import { versionPages } from './version.ts';

/** Largest form, in bytes. */
const FORM_LIMIT = 64 * 1024;

/** How long a browser remembers the colours, in seconds. */
const THEME_S = 31_536_000;

const themeForm = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  to: z.string().max(500).default('/ui'),
});

/** Registers all pages. */
export function consolePages(app: App, deps: ApiDeps, send: SendDecision): void {
  void app.register((child, _options, done) => {
    const pages = child.withTypeProvider<ZodTypeProvider>() as unknown as App;
    pages.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: FORM_LIMIT },
      (_request, body, parsed) => parsed(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
    pages.addHook('onRequest', async (request) => {
      requireKnownHost(request, deps.publicUrl);
      if (request.method !== 'GET' && request.method !== 'HEAD') requireSameOrigin(request);
    });
    pages.setErrorHandler((error, request, reply) => showError(deps, error, request, reply));

    assetRoutes(pages);
    signInPages(pages, deps);
    overviewPages(pages, deps);
    versionPages(pages, deps, send);
    reportPages(pages, deps);
    modelPages(pages, deps);
    featuresPages(pages, deps);
    tryPages(pages, deps);
    auditPages(pages, deps);
    settingsPages(pages, deps);
    liveRoute(pages, deps);
    pages.get('/ui/parts', { schema: { hide: true } }, (request, reply) =>
      sendPage(deps, request, reply, ({ now }) => partsPage(now)),
    );
    pages.post('/ui/theme', { schema: { hide: true, body: themeForm } }, ({ body: { theme, to } }, reply) =>
      reply
        .header(
          'set-cookie',
          `${THEME_COOKIE}=${theme}; Path=/ui; Max-Age=${THEME_S}; HttpOnly; SameSite=Lax`,
        )
        .redirect(PATH_OF_UI.test(to) ? to : '/ui', 303),
    );
    done();
  });
}

function showError(
  deps: ApiDeps,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const error = toTidegateError(thrown, request);
  if (error.status >= 500) request.log.error({ err: thrown, code: error.code }, error.message);
  const isSignedIn = (request.caller as Caller | null) !== null;
  const { code, remedy, status } = error;
  const shown = {
    title: titleOf(status),
    message: error.message,
    remedy,
    code,
    requestId: request.id,
    isSignedIn,
  };
  return sendPage(deps, request, reply, () => errorPage(shown), status);
}

function titleOf(status: number): string {
  if (status === 401) return 'Not signed in';
  if (status === 403) return 'Not allowed';
  if (status === 404) return 'Not found';
  return status >= 500 ? 'This cannot be shown at the moment' : 'This did not work';
}

/**
 * Refuses a name that is neither the public one nor that of this machine: a page of another site could have its own name
 * point here. An address in digits cannot.
 */
function requireKnownHost({ host, hostname }: FastifyRequest, publicUrl: string): void {
  const isAddress = /^(\[[\da-f:.]+\]|[\d.]+)$/i.test(hostname);
  if (isAddress || isLoopback(host) || host.toLowerCase() === new URL(publicUrl).host.toLowerCase()) return;
  throw new TidegateError('FORBIDDEN', `these pages are not known under the name ${excerpt(host)}`, {
    remedy: `Open ${publicUrl}/ui, or set TIDEGATE_PUBLIC_URL to the address under which browsers reach this server.`,
  });
}

/** Refuses a form that a page of another site sent, because it could act as the person who is signed in. */
function requireSameOrigin({ headers, host }: FastifyRequest): void {
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  const isOwn =
    (site === undefined || site === 'same-origin' || site === 'none') &&
    (origin === undefined || origin === 'null'
      ? site !== undefined || origin === undefined
      : origin.replace(/^https?:\/\//, '') === host);
  if (!isOwn) throw new TidegateError('FORBIDDEN', 'the form was sent by a page of another site');
}
