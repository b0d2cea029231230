// Turns whatever a request throws into the one shape of errors.
import { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { type ErrorCode, type Place, TidegateError } from '../../domain/errors.ts';
import { temporalFailure } from '../../domain/temporal-failure.ts';
import { postgresFailure } from '../../store/postgres-failure.ts';
import { type App } from '../app.ts';
import { type ErrorBody } from '../schemas/error.ts';

/** Answers every error of a route, and every request that no route takes. */
export function handleErrors(app: App): void {
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0];
    answerError(
      new TidegateError('UNKNOWN_ROUTE', `there is no route ${request.method} ${path}`),
      request,
      reply,
    );
  });
}

/** Answers one error; the log has its cause where it is ours. */
export function answerError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = toTidegateError(thrown, request);
  if (error.status >= 500) request.log.error({ err: thrown, code: error.code }, error.message);
  const body: ErrorBody = {
    error: {
      code: error.code,
      message: error.message,
      remedy: error.remedy,
      ...(error.places.length > 0 && { places: [...error.places] }),
      requestId: request.id,
    },
  };
  // Serialised here: a route that declares its answers otherwise must not stand in the way of an error.
  void reply
    // Set again: what the framework refuses itself has not come past the hooks.
    .header('x-request-id', request.id)
    .status(error.status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(body);
}

function toTidegateError(thrown: unknown, request: FastifyRequest): TidegateError {
  if (thrown instanceof TidegateError) return thrown;
  if (hasZodFastifySchemaValidationErrors(thrown)) return invalidRequest(thrown);
  const known = serverFailure(thrown);
  if (known) return known;
  const {
    code,
    statusCode = 500,
    message = 'the request cannot be read',
  } = (thrown ?? {}) as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const type = request.headers['content-type'] ?? 'of no stated type';
    return new TidegateError('UNSUPPORTED_MEDIA_TYPE', `the body is ${type} and not application/json`);
  }
  if (statusCode >= 400 && statusCode < 500) {
    return new TidegateError(frameworkCodes[code ?? ''] ?? 'INVALID_REQUEST', message);
  }
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
  DATABASE_LOGIN_REFUSED: 'Postgres does not accept the login of this process',
  DATABASE_PERMISSION: 'the role of this process lacks a privilege in Postgres',
  DATABASE_POOLER: 'the pooler before Postgres does not give what is needed',
  DATABASE_DAMAGED: 'Postgres cannot read its own files',
  SCHEMA_OUT_OF_DATE: 'the schema of the database is not the one that this process knows',
  UNKNOWN_NAMESPACE: 'Temporal does not have the namespace of this process',
  TEMPORAL_UNREACHABLE: 'Temporal did not answer',
  TEMPORAL_TIMEOUT: 'Temporal did not answer in time',
  TEMPORAL_BUSY: 'Temporal takes no more at the moment',
  TEMPORAL_NOT_ALLOWED: 'Temporal does not accept the credentials of this process',
};

const frameworkCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_MAX_PARAM_LENGTH: 'UNKNOWN_ROUTE',
  FST_ERR_BAD_URL: 'UNKNOWN_ROUTE',
};

function invalidRequest({
  validation = [],
  validationContext: part = 'body',
}: Partial<FastifyError>): TidegateError {
  const places = validation.flatMap(({ instancePath, keyword, params, message = 'is wrong' }): Place[] => {
    const path = instancePath.split('/').filter((step) => step !== '');
    const at = (...more: string[]): string => [...path, ...more].join('.') || `the ${part}`;
    // One place for each unknown field, so that the field itself is named.
    if (keyword === 'unrecognized_keys') {
      return (params['keys'] as string[]).map((key) => ({
        at: at(key),
        problem: 'is not a field of this request',
      }));
    }
    return [{ at: at(), problem: message }];
  });
  const [first = { at: `the ${part}`, problem: 'is wrong' }] = places;
  const more = places.length > 1 ? ` (and ${places.length - 1} more)` : '';
  return new TidegateError('INVALID_REQUEST', `${first.at}: ${first.problem}${more}`, {
    places,
  });
}
