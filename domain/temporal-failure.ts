// Maps errors from Temporal's gRPC service to codes of the error table.
import { type ErrorCode, TidegateError } from './errors.ts';

interface Meaning {
  readonly code: ErrorCode;
  readonly summary: string;
}

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const BY_STATUS: Readonly<Record<number, Meaning>> = {
  3: { code: 'TEMPORAL_REFUSED', summary: 'Temporal refused the request' },
  4: { code: 'TEMPORAL_TIMEOUT', summary: 'Temporal did not answer in time' },
  7: { code: 'TEMPORAL_NOT_ALLOWED', summary: 'Temporal does not permit the request' },
  8: { code: 'TEMPORAL_BUSY', summary: 'Temporal is overloaded' },
  9: { code: 'TEMPORAL_REFUSED', summary: 'Temporal refused the request' },
  12: { code: 'TEMPORAL_REFUSED', summary: 'this Temporal server does not support the request' },
  14: { code: 'TEMPORAL_UNREACHABLE', summary: 'Temporal did not answer' },
  16: { code: 'TEMPORAL_NOT_ALLOWED', summary: 'Temporal does not accept the credentials' },
};

const NOT_FOUND = 5;
const NAMESPACE = /namespace/i;
const MAX_CAUSES = 10;

/**
 * An error of a gRPC client. `details` is the text from the service; `message` is the same text preceded by the status.
 */
interface GrpcError extends Error {
  readonly code: number;
  readonly details: string;
}

/**
 * Returns an error with a code of the error table for a gRPC status from Temporal, and undefined for any other error.
 * It also looks at the causes of the error, because clients wrap the error from the service. A workflow run that was
 * not found is not a failure of the service, so it returns undefined.
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
  // The client throws a class of its own, without a status, for an unknown namespace.
  if (error.name === 'NamespaceNotFoundError') return unknownNamespace(error.message, error);
  if (!isGrpcError(error)) return undefined;
  const { code, details } = error;
  const text = details || error.message;
  if (code === NOT_FOUND && NAMESPACE.test(text)) return unknownNamespace(text, error);
  const found = BY_STATUS[code];
  return found && new TidegateError(found.code, `${found.summary}: ${text}`, { cause: error });
}

const unknownNamespace = (text: string, cause: Error): TidegateError =>
  new TidegateError('UNKNOWN_NAMESPACE', `Temporal has no such namespace: ${text}`, { cause });

const isGrpcError = (error: Error): error is GrpcError =>
  typeof (error as Partial<GrpcError>).code === 'number' &&
  typeof (error as Partial<GrpcError>).details === 'string';
