// What an error of Temporal's gRPC service means: one code of the error table for each status.
import { type ErrorCode, TidegateError } from './errors.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
}

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const BY_STATUS: Readonly<Record<number, Meaning>> = {
  3: { code: 'TEMPORAL_REFUSED', says: 'Temporal refused the request' },
  4: { code: 'TEMPORAL_TIMEOUT', says: 'Temporal did not answer in time' },
  7: { code: 'TEMPORAL_NOT_ALLOWED', says: 'Temporal does not allow it' },
  8: { code: 'TEMPORAL_BUSY', says: 'Temporal takes no more at the moment' },
  9: { code: 'TEMPORAL_REFUSED', says: 'Temporal refused the request' },
  12: { code: 'TEMPORAL_REFUSED', says: 'this Temporal server does not know the request' },
  14: { code: 'TEMPORAL_UNREACHABLE', says: 'Temporal did not answer' },
  16: { code: 'TEMPORAL_NOT_ALLOWED', says: 'Temporal does not accept the credentials' },
};

const NOT_FOUND = 5;
const NAMESPACE = /namespace/i;
const MAX_CAUSES = 10;

/** What gRPC adds to an error; the message alone begins with the number and the name of the status. */
interface GrpcError extends Error {
  readonly code: number;
  readonly details: string;
}

/**
 * The error of the table that a gRPC status of Temporal stands for; nothing for any other error. Causes are followed:
 * clients wrap what the service said. A run that is not found is no failure of the service, and so is none here.
 *
 * @example temporalFailure(Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'no connection' }))?.code;
 */
export function temporalFailure(thrown: unknown): TidegateError | undefined {
  let cause = thrown;
  for (let depth = 0; cause instanceof Error && depth < MAX_CAUSES; depth += 1) {
    if (cause instanceof TidegateError) return undefined;
    const found = explained(cause);
    if (found) return found;
    ({ cause } = cause);
  }
  return undefined;
}

function explained(error: Error): TidegateError | undefined {
  // The client has a class of its own for this one, without a status.
  if (error.name === 'NamespaceNotFoundError') return unknownNamespace(error.message, error);
  if (!isGrpcError(error)) return undefined;
  const { code, details } = error;
  const said = details || error.message;
  if (code === NOT_FOUND && NAMESPACE.test(said)) return unknownNamespace(said, error);
  const found = BY_STATUS[code];
  return found && new TidegateError(found.code, `${found.says}: ${said}`, { cause: error });
}

const unknownNamespace = (said: string, cause: Error): TidegateError =>
  new TidegateError('UNKNOWN_NAMESPACE', `Temporal has no such namespace: ${said}`, { cause });

const isGrpcError = (error: Error): error is GrpcError =>
  typeof (error as Partial<GrpcError>).code === 'number' &&
  typeof (error as Partial<GrpcError>).details === 'string';
