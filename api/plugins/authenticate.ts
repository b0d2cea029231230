// Finds out who sent a request, and refuses it if they do not have the role that the route needs.
import { timingSafeEqual } from 'node:crypto';
import { type FastifyReply, type FastifyRequest, type onRequestHookHandler } from 'fastify';
import { TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type Caller, describeRoles, may, mayForAny, UNVERIFIED } from '../../domain/identity/caller.ts';
import { csrfTokenOf } from '../../domain/identity/api-key.ts';
import { isLoopback } from '../../domain/identity/loopback.ts';
import { type Role } from '../../domain/identity/roles.ts';
import { type App } from '../context/types.ts';
import { cookieOf, SESSION_COOKIE } from '../identity/cookies.ts';
import { bearerToken, type Identities } from '../identity/identities.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent the request. On an open route nobody is asked, and this is null. */
    caller: Caller;
    /** The token that forms of the session must send back; null without a session. */
    csrf: string | null;
  }
}

/**
 * Who may use a route: everybody, every known caller whatever their roles, or callers with a role for the model in its path, for at least one model (the route
 * itself then shows or accepts only those), or for all models.
 */
export type Access =
  'open' | 'signed in' | { readonly role: Role; readonly scope: 'model' | 'any model' | 'all models' };

/** Access of every route, by method and path as it was registered. A path may end in `*`. */
export type AccessTable = Readonly<Record<string, Access>>;

/**
 * Sets `request.caller` before the body is read. Must be called before the routes are registered; a route that the table
 * does not name cannot be registered.
 *
 * @param auth `off` accepts every request from this machine as the unverified caller
 */
export function authenticate(app: App, table: AccessTable, auth: Identities | 'off'): void {
  const accessOf = (method: string, url: string): Access | undefined => {
    const name = `${method === 'HEAD' ? 'GET' : method} ${url}`;
    if (Object.hasOwn(table, name)) return table[name];
    const prefix = Object.keys(table).find((key) => key.endsWith('*') && name.startsWith(key.slice(0, -1)));
    return prefix === undefined ? undefined : table[prefix];
  };

  app.decorateRequest('caller', null as unknown as Caller);
  app.decorateRequest('csrf', null);
  app.addHook('onRoute', (route) => {
    const methods = [route.method].flat();
    const accesses = methods.map((method) => accessOf(method, route.url));
    const unlisted = methods[accesses.indexOf(undefined)];
    if (unlisted !== undefined)
      throw new TidegateError('DEFECT', `api/access.ts does not say who may call ${unlisted} ${route.url}`);
    const [access, ...others] = accesses as [Access, ...Access[]];
    if (others.some((other) => other !== access))
      throw new TidegateError('DEFECT', `the methods of ${route.url} are open to different callers`);
    if (access === 'open') return;
    route.onRequest = [requireCaller(access, auth), ...[route.onRequest ?? []].flat()];
  });

  app.addHook('preHandler', (request, _reply, done) => {
    const { csrf, method, body } = request;
    if (csrf === null || method === 'GET' || method === 'HEAD') return done();
    const sent = request.headers['x-csrf-token'] ?? (body as { readonly csrf?: unknown } | null)?.csrf;
    if (typeof sent === 'string' && isEqual(sent, csrf)) return done();
    return done(
      new TidegateError('FORBIDDEN', 'the form did not come from a page of this session', {
        remedy: 'Load the page again and repeat what you did.',
      }),
    );
  });
}

/** Returns the hook of a route that is not open: it finds the caller and checks their role. */
function requireCaller(access: Exclude<Access, 'open'>, auth: Identities | 'off'): onRequestHookHandler {
  const role = access === 'signed in' ? 'viewer' : access.role;
  const admit = (request: FastifyRequest, caller: Caller): void => {
    request.caller = caller;
    if (access !== 'signed in') requireAccess(request, access);
  };
  const find = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    try {
      const caller = auth === 'off' ? unverified(request) : await callerOf(request, role, auth);
      return admit(request, caller);
    } catch (error) {
      if (!(error instanceof TidegateError) || error.code !== 'UNAUTHENTICATED') throw error;
      if (isPage(request))
        return reply.redirect(`/ui/sign-in?to=${encodeURIComponent(request.url.slice(0, 400))}`);
      reply.header('www-authenticate', 'Bearer realm="tidegate"');
      throw error;
    }
  };
  return (request, reply, done) => {
    try {
      // A known key needs no promise, which keeps frequent requests cheap.
      const known = auth === 'off' ? undefined : auth.knownCaller(request.headers.authorization);
      if (known) {
        admit(request, known);
        return done();
      }
    } catch (error) {
      return done(error as Error);
    }
    find(request, reply).then(() => {
      if (!reply.sent) done();
    }, done);
  };
}

/**
 * Refuses a caller without a role, for routes that learn only from the body which model is meant.
 *
 * @param model null if the role must hold for all models
 * @throws TidegateError FORBIDDEN
 */
export function requireRole(request: FastifyRequest, role: Role, model: string | null): void {
  if (!may(request.caller, role, model)) throw forbidden(request, role, model);
}

function requireAccess(request: FastifyRequest, access: Exclude<Access, string>): void {
  const { role, scope } = access;
  if (scope === 'any model') {
    if (!mayForAny(request.caller, role)) throw forbidden(request, role, null);
    return;
  }
  const { model = null } = scope === 'model' ? (request.params as { readonly model?: string }) : {};
  const asked = `${role} ${model ?? ''}`;
  const admitted = admittedTo(request.caller);
  if (admitted.has(asked)) return;
  requireRole(request, role, model);
  // Bounded, because a caller with a role for all models may name models that do not exist.
  if (admitted.size < MAX_ADMITTED) admitted.add(asked);
}

const MAX_ADMITTED = 1_000;

/** For a caller in memory, the roles and models that were found to be allowed; a change of roles makes another caller. */
const allAdmitted = new WeakMap<Caller, Set<string>>();

function admittedTo(caller: Caller): Set<string> {
  const admitted = allAdmitted.get(caller) ?? new Set();
  allAdmitted.set(caller, admitted);
  return admitted;
}

function forbidden(
  { caller, method, routeOptions }: FastifyRequest,
  role: Role,
  model: string | null,
): TidegateError {
  const named = model === null ? 'all models' : excerpt(model);
  const limit = caller.via === 'key' ? ` with the key tgk_${caller.credential}` : '';
  return new TidegateError(
    'FORBIDDEN',
    `${method} ${routeOptions.url} needs the role ${role} for ${named}, but ${caller.name} has ${describeRoles(caller, model)} there${limit}`,
    {
      remedy:
        `Ask an admin: \`tidegate role grant ${caller.name} ${role}${model === null ? '' : ` --model ${named}`}\`` +
        (limit === '' ? '.' : ', and a key that includes it.'),
    },
  );
}

/** The cookie of a session counts only here, so that no page of another site can use it on the other routes. */
const isBelowUi = ({ routeOptions: { url = '' } }: FastifyRequest): boolean =>
  url === '/ui' || url.startsWith('/ui/');

const isPage = (request: FastifyRequest): boolean => request.method === 'GET' && isBelowUi(request);

const isEqual = (a: string, b: string): boolean => {
  const [first, second] = [Buffer.from(a), Buffer.from(b)];
  return first.length === second.length && timingSafeEqual(first, second);
};

async function callerOf(request: FastifyRequest, role: Role, identities: Identities): Promise<Caller> {
  const { authorization } = request.headers;
  const session = isBelowUi(request) ? cookieOf(request, SESSION_COOKIE) : undefined;
  if (session !== undefined && authorization === undefined) {
    const caller = await identities.callerOfSession(session);
    request.csrf = csrfTokenOf(session);
    return caller;
  }
  if (authorization === undefined)
    throw new TidegateError('UNAUTHENTICATED', 'the request has no header Authorization');
  const token = bearerToken(authorization);
  if (token === undefined)
    throw new TidegateError(
      'UNAUTHENTICATED',
      'the header Authorization is not `Bearer` followed by a key or token',
    );
  return identities.callerOf(token, role);
}

/** Headers that a proxy adds. A request that has one did not come straight from a program on this machine. */
const OF_PROXIES = /^(forwarded|x-forwarded(-.*)?|x-real-ip|via)$/;

/** Accepts a request that clearly comes from this machine. @throws TidegateError FORBIDDEN */
function unverified({ headers }: FastifyRequest): Caller {
  const proxy = Object.keys(headers).find((name) => OF_PROXIES.test(name));
  if (proxy !== undefined)
    throw notLocal(`the request came through a proxy (it has the header ${excerpt(proxy)})`);
  const { host = '', origin } = headers;
  if (!isLoopback(host)) throw notLocal(`the request was sent to ${excerpt(host)}`);
  if (origin !== undefined && !isLoopback(origin.replace(/^https?:\/\//, '')))
    throw notLocal(`the request was sent by a page of ${excerpt(origin)}`);
  return UNVERIFIED;
}

const notLocal = (why: string): TidegateError =>
  new TidegateError(
    'FORBIDDEN',
    `TIDEGATE_AUTH is off, which allows only requests from this machine: ${why}`,
    {
      remedy: 'Set TIDEGATE_AUTH=on and send a key, or send the request straight to 127.0.0.1.',
    },
  );
