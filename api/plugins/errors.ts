// Turns every error of a request into an answer in the shape of its protocol.
import { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { errorAtPlaces, type ErrorCode, MAX_PLACES, type Place, TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { temporalFailure } from '../../domain/temporal-failure.ts';
import { postgresFailure } from '../../store/postgres/postgres-failure.ts';
import { type App } from '../context/types.ts';
import { errorAnswer, protocolOf } from './error-shapes.ts';

/** Statuses of errors that a client should repeat by itself: unavailable, and too many requests. */
const RETRIED: ReadonlySet<number> = new Set([429, 503]);

/** After how many seconds a client should repeat a request that failed only for the moment. */
const RETRY_AFTER_SECONDS = 1;

/** Installs the error handler for all routes. */
export function handleErrors(app: App): void {
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));
}

/** Answers with an error; logs its cause if the status is 500 or above. */
export function answerError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toTidegateError(thrown, request);
  if (error.status >= 500) request.log.error({ err: thrown, code: error.code }, error.message);
  const { contentType, body } = errorAnswer(error, request.id, protocolOf(request.url));
  if (RETRIED.has(error.status) && error.retryable) void reply.header('retry-after', RETRY_AFTER_SECONDS);
  // Serialized here, because the serializer of a route that declares other answers might fail on an error.
  void reply
    // Set again, because the hooks do not run for requests that the framework itself refuses.
    .header('x-request-id', request.id)
    .status(error.status)
    .type(contentType)
    .serializer(JSON.stringify)
    .send(body);
}

/** Returns the error of the error table that stands for what was thrown. */
export function toTidegateError(thrown: unknown, request: FastifyRequest): TidegateError {
  if (thrown instanceof TidegateError) return thrown;
  if (hasZodFastifySchemaValidationErrors(thrown)) return invalidRequest(thrown);
  const {
    code = '',
    statusCode = 500,
    message = 'the request cannot be read',
  } = (thrown ?? {}) as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const type = excerpt(request.headers['content-type'] ?? 'of no stated type');
    return new TidegateError('UNSUPPORTED_MEDIA_TYPE', `the body is ${type} and not application/json`);
  }
  if (UNROUTABLE.has(code)) {
    const path = excerpt(request.url.split('?')[0] ?? '');
    return new TidegateError('UNKNOWN_ROUTE', `there is no route ${request.method} ${path}`);
  }
  // Checked before database errors, because a client that disconnects while sending its body causes an ECONNRESET, as a
  // lost connection to Postgres does.
  if (statusCode >= 400 && statusCode < 500) {
    return new TidegateError(
      statusCode === 413 ? 'BODY_TOO_LARGE' : 'INVALID_REQUEST',
      excerpt(message, 200),
    );
  }
  const known = serverFailure(thrown);
  if (known) return known;
  // The message of the cause goes to the log only, because it may name tables, files or hosts.
  return new TidegateError('INTERNAL', 'the request failed because of an error in the server', {
    cause: thrown,
  });
}

/**
 * Returns a failure of Postgres or Temporal with its code, but not its original message. Failures caused by a statement of
 * ours, or a value in it, stay INTERNAL, because the caller cannot do anything about them.
 */
function serverFailure(thrown: unknown): TidegateError | undefined {
  const code = (postgresFailure(thrown)?.error ?? temporalFailure(thrown))?.code;
  const message = code && SERVER_MESSAGES[code];
  return message === undefined ? undefined : new TidegateError(code as ErrorCode, message, { cause: thrown });
}

const SERVER_MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  DATABASE_UNREACHABLE: 'Postgres did not answer',
  DATABASE_BUSY: 'Postgres has no connection or memory to spare',
  DATABASE_TIMEOUT: 'Postgres did not answer in time',
  DATABASE_CONFLICT: 'the transaction conflicted with another one',
  DATABASE_READ_ONLY: 'Postgres accepts no writes at the moment',
  DATABASE_DISK_FULL: 'the disk of Postgres is full',
  DATABASE_MISSING: 'the database does not exist',
  DATABASE_SESSION: 'a session of Postgres does not have the required settings',
  DATABASE_ENCODING: 'the encoding of the database is not UTF8',
  DATABASE_LOGIN_REFUSED: 'Postgres does not accept the login of this process',
  DATABASE_PERMISSION: 'the role of this process lacks a privilege in Postgres',
  DATABASE_POOLER: 'the pooler in front of Postgres does not support what is needed',
  DATABASE_DAMAGED: 'Postgres cannot read its own files',
  SCHEMA_OUT_OF_DATE: 'the schema of the database is not the one that this process expects',
  UNKNOWN_NAMESPACE: 'Temporal does not have the namespace of this process',
  TEMPORAL_UNREACHABLE: 'Temporal did not answer',
  TEMPORAL_TIMEOUT: 'Temporal did not answer in time',
  TEMPORAL_BUSY: 'Temporal is overloaded',
  TEMPORAL_NOT_ALLOWED: 'Temporal does not accept the credentials of this process',
};

// The framework's errors for a path that cannot be decoded and for a path parameter that is too long.
const UNROUTABLE: ReadonlySet<string> = new Set(['FST_ERR_BAD_URL', 'FST_ERR_MAX_PARAM_LENGTH']);

function invalidRequest({
  validation = [],
  validationContext: part = 'body',
}: Partial<FastifyError>): TidegateError {
  const places: Place[] = [];
  for (const { instancePath, keyword, params, message = 'is wrong' } of validation) {
    const path = instancePath
      .split('/')
      .filter((step) => step !== '')
      .map((step) => excerpt(step));
    const at = (...more: string[]): string => [...path, ...more].join('.') || `the ${part}`;
    // One place for each unknown field, so that the error names the field.
    if (keyword === 'unrecognized_keys') {
      for (const key of (params['keys'] as string[]).slice(0, MAX_PLACES + 1)) {
        places.push({ at: at(excerpt(key)), problem: 'is not a field of this request' });
      }
    } else places.push({ at: at(), problem: message });
    if (places.length > MAX_PLACES) break;
  }
  return errorAtPlaces('INVALID_REQUEST', places.slice(0, MAX_PLACES + 1));
}
