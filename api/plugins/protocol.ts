// HTTP rules that apply to all routes: the Host header, methods that a path does not have, and input that is not HTTP.
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import { type Socket } from 'node:net';
import { type FastifyRequest } from 'fastify';
import { type ErrorCode, TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { type App } from '../context/types.ts';
import { errorAnswer } from './error-shapes.ts';

interface Path {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/**
 * Refuses requests without a Host header, with an unknown path or with a method that the path does not have, before their
 * body is read. Answers OPTIONS with the methods of the path. Must be called before the routes are registered, because it
 * collects their paths.
 */
export function checkProtocol(app: App): void {
  const paths = new Map<string, Path>();

  app.addHook('onRoute', ({ url, method }) => {
    const path = paths.get(url) ?? { pattern: patternOf(url), methods: new Set(['OPTIONS']) };
    for (const each of [method].flat()) path.methods.add(each);
    paths.set(url, path);
  });

  const methodsOf = (request: FastifyRequest): string[] => {
    const [path = ''] = request.url.split('?');
    const all = [...paths.values()];
    const matching = path === '*' ? all : all.filter(({ pattern }) => pattern.test(path));
    return [...new Set(matching.flatMap(({ methods }) => [...methods]))].sort();
  };

  app.addHook('onRequest', (request, reply, done) => {
    if (request.raw.httpVersion === '1.1' && request.raw.headers.host === undefined) {
      return done(new TidegateError('INVALID_REQUEST', 'the request has no header Host'));
    }
    if (!request.is404) return done();
    const methods = methodsOf(request);
    if (methods.length === 0) return done(unknownRoute(request));
    reply.header('allow', methods.join(', '));
    if (request.method === 'OPTIONS') return void reply.status(204).send();
    return done(
      new TidegateError(
        'METHOD_NOT_ALLOWED',
        `${excerpt(request.url.split('?')[0] ?? '')} does not take ${excerpt(request.method)}, only ${methods.join(', ')}`,
      ),
    );
  });

  // Anything but 100-continue may be ignored (RFC 9110, 10.1.1); Node would answer 417 without a body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
}

const unknownRoute = ({ method, url }: FastifyRequest): TidegateError => {
  const [path = ''] = url.split('?');
  return new TidegateError('UNKNOWN_ROUTE', `there is no route ${excerpt(method)} ${excerpt(path)}`);
};

const patternOf = (url: string): RegExp =>
  new RegExp(
    `^${url
      .replaceAll(/[.+?^$()|[\]\\]/g, '\\$&')
      .replaceAll(/:\w+/g, '[^/]+')
      .replaceAll('*', '.*')}$`,
  );

/** For errors of Node's HTTP parser, the code and message of the answer. */
const PARSER_PROBLEMS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', 'the path and headers of the request are larger than 16 kB'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['BODY_TOO_LARGE', 'the extensions of a chunk are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'the request was not sent completely in time'],
};

/** Answers input that is not valid HTTP with an error of the usual shape, and closes the connection. */
export function answerClientError(error: NodeJS.ErrnoException & { reason?: string }, socket: Socket): void {
  // A client that disconnected cannot read an answer.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, message] = PARSER_PROBLEMS[error.code ?? ''] ?? [
    'INVALID_REQUEST' as const,
    `the request is not valid HTTP: ${excerpt(error.reason ?? error.message)}`,
  ];
  const failure = new TidegateError(code, message);
  const requestId = randomUUID();
  const answer = errorAnswer(failure, requestId, 'native');
  const body = JSON.stringify(answer.body);
  socket.end(
    [
      `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}`,
      `content-type: ${answer.contentType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
