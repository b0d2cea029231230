// Sends pages: with the frame of the request around them, and with the policy that browsers enforce.
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { document, type Frame, type Page } from '../../console/parts/layout.ts';
import { type Caller, describeRoles, may } from '../../domain/identity/caller.ts';
import { listPending } from '../../store/overview.ts';
import { type ApiDeps } from '../context/types.ts';
import { cookieOf } from '../identity/cookies.ts';
import { assetPaths } from './assets.ts';

/** Cookie with the colours that the reader chose. */
export const THEME_COOKIE = 'tidegate_theme';

/** Paths of these pages, so that no form leads to another site. */
export const PATH_OF_UI = /^\/ui(\/[\w./%~@:!,()*-]*)?(\?[\w=&%.+*~-]*)?$/;

/** Everything comes from this server, no page runs a script of its own or can be shown inside another page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types tidegate',
].join('; ');

/** Headers of every page. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
} as const;

/**
 * Sends a page.
 *
 * @param page built from what the frame knows
 */
export async function sendPage(
  { database }: Pick<ApiDeps, 'database'>,
  request: FastifyRequest,
  reply: FastifyReply,
  page: (frame: Frame) => Page,
  status = 200,
): Promise<FastifyReply> {
  const frame = await frameOf({ database }, request);
  return reply
    .status(status)
    .headers(PAGE_HEADERS)
    .serializer(String)
    .send(document(frame, page(frame)).text);
}

async function frameOf({ database }: Pick<ApiDeps, 'database'>, request: FastifyRequest): Promise<Frame> {
  // On the pages on which people sign in, nobody has been asked who they are.
  const caller = request.caller as Caller | null;
  const waiting = caller
    ? (await listPending(database).catch(() => [])).filter(({ model }) => may(caller, 'viewer', model))
    : [];
  return {
    assets: assetPaths(),
    person: caller && {
      name: caller.name,
      roles: `${describeRoles(caller, null)} for all models`,
      isAdmin: may(caller, 'admin', null),
    },
    csrf: request.csrf,
    theme: themeOf(request),
    path: request.method === 'GET' ? request.url.slice(0, 400) : '/ui',
    now: new Date(),
    waiting: waiting.length,
  };
}

function themeOf(request: FastifyRequest): Frame['theme'] {
  const chosen = cookieOf(request, THEME_COOKIE);
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}
