// Turns whatever a request throws into the one shape of errors.
import { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { errorAtPlaces, type ErrorCode, MAX_PLACES, type Place, TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { temporalFailure } from '../../domain/temporal-failure.ts';
import { postgresFailure } from '../../store/postgres/postgres-failure.ts';
import { type App } from '../context/types.ts';
import { type ErrorBody } from '../schemas/common.ts';

/** Answers every error of a route. */
export function handleErrors(app: App): void {
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));
}

/** An error as it is sent. */
export const errorBody = (error: TidegateError, requestId: string): ErrorBody => ({
  error: {
    code: error.code,
    message: error.message,
    remedy: error.remedy,
    ...(error.places.length > 0 && { places: [...error.places] }),
    requestId,
  },
});

/** Answers one error; the log has its cause where it is ours. */
export function answerError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toTidegateError(thrown, request);
  if (error.status >= 500) request.log.error({ err: thrown, code: error.code }, error.message);
  // Serialised here: a route that declares its answers otherwise must not stand in the way of an error.
  void reply
    // Set again: what the framework refuses itself has not come past the hooks.
    .header('x-request-id', request.id)
    .status(error.status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(errorBody(error, request.id));
}

function toTidegateError(thrown: unknown, request: FastifyRequest): TidegateError {
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
  if (unroutable.has(code)) {
    const path = excerpt(request.url.split('?')[0] ?? '');
    return new TidegateError('UNKNOWN_ROUTE', `there is no route ${request.method} ${path}`);
  }
  // Before errors of the database are looked for: a client that hangs up while it sends its body leaves an ECONNRESET,
  // as a lost connection to Postgres does.
  if (statusCode >= 400 && statusCode < 500) {
    return new TidegateError(
      statusCode === 413 ? 'BODY_TOO_LARGE' : 'INVALID_REQUEST',
      excerpt(message, 200),
    );
  }
  const known = serverFailure(thrown);
  if (known) return known;
  // What went wrong stays in the log: it may name tables, files or hosts.
  return new TidegateError('INTERNAL', 'the request failed for a reason that is not its own', {
    cause: thrown,
  });
}

/**
 * A failure of Postgres or Temporal by its code, and without their words. What blames a statement of ours, or a value in
 * it, stays INTERNAL: it is none of the caller's doing.
 */
function serverFailure(thrown: unknown): TidegateError | undefined {
  const code = (postgresFailure(thrown)?.error ?? temporalFailure(thrown))?.code;
  const message = code && serverWords[code];
  return message === undefined ? undefined : new TidegateError(code as ErrorCode, message, { cause: thrown });
}

const serverWords: Readonly<Partial<Record<ErrorCode, string>>> = {
  DATABASE_UNREACHABLE: 'Postgres did not answer',
  DATABASE_BUSY: 'Postgres has no connection or memory to spare',
  DATABASE_TIMEOUT: 'Postgres did not answer in time',
  DATABASE_CONFLICT: 'another transaction came between',
  DATABASE_READ_ONLY: 'Postgres takes no writes at the moment',
  DATABASE_DISK_FULL: 'the disk of Postgres is full',
  DATABASE_MISSING: 'the database is not there',
  DATABASE_SESSION: 'a session of Postgres is not set as it has to be',
  DATABASE_ENCODING: 'the database cannot hold every text',
  DATABASE_LOGIN_REFUSED: 'Postgres does not accept the login of this process',
  DATABASE_PERMISSION: 'the role of this process lacks a privilege in Postgres',
  DATABASE_POOLER: 'the pooler before Postgres does not give what is needed',
  DATABASE_DAMAGED: 'Postgres cannot read its own files',
  SCHEMA_OUT_OF_DATE: 'the schema of the database is not the one that this process knows',
  UNKNOWN_NAMESPACE: 'Temporal does not have the namespace of this process',
  TEMPORAL_UNREACHABLE: 'Temporal did not answer',
  TEMPORAL_TIMEOUT: 'Temporal did not answer in time',
  TEMPORAL_BUSY: 'Temporal is overloaded',
  TEMPORAL_NOT_ALLOWED: 'Temporal does not accept the credentials of this process',
};

// A path that cannot be decoded, and one with a name that is longer than any.
const unroutable: ReadonlySet<string> = new Set(['FST_ERR_BAD_URL', 'FST_ERR_MAX_PARAM_LENGTH']);

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
    // One place for each unknown field, so that the field itself is named.
    if (keyword === 'unrecognized_keys') {
      for (const key of (params['keys'] as string[]).slice(0, MAX_PLACES + 1)) {
        places.push({ at: at(excerpt(key)), problem: 'is not a field of this request' });
      }
    } else places.push({ at: at(), problem: message });
    if (places.length > MAX_PLACES) break;
  }
  return errorAtPlaces('INVALID_REQUEST', places.slice(0, MAX_PLACES + 1));
}
