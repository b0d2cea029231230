// The bodies of error answers: each protocol has the shape that its clients can read.
import { type ErrorCode, type TidegateError } from '../../domain/errors.ts';
import { type ErrorBody } from '../schemas/common.ts';
import { type InferenceErrorBody, type MlflowErrorBody } from '../schemas/error-bodies.ts';

/** A protocol of this API, by which the shape of an error is chosen. */
export type Protocol = 'native' | 'mlflow' | 'open-inference';

/** An error answer as it is sent. */
export interface ErrorAnswer {
  readonly contentType: string;
  readonly body: ErrorBody | MlflowErrorBody | InferenceErrorBody;
}

const MLFLOW_PATH = /^\/(invocations|ping|health|version|(models|endpoints)\/[^/]+\/invocations)$/;
const INFERENCE_PATH = /^\/v2(\/|$)/;

/** Returns the protocol that a path belongs to. @example protocolOf('/v2/models/churn/infer?x=1') // 'open-inference' */
export function protocolOf(url: string): Protocol {
  const [path = ''] = url.split('?', 1);
  if (INFERENCE_PATH.test(path)) return 'open-inference';
  return MLFLOW_PATH.test(path) ? 'mlflow' : 'native';
}

/** Builds the answer for an error in the shape of a protocol. */
export function errorAnswer(error: TidegateError, requestId: string, protocol: Protocol): ErrorAnswer {
  if (protocol === 'native')
    return { contentType: 'application/problem+json; charset=utf-8', body: problem(error, requestId) };
  const { code, message, remedy } = error;
  const details = { code, remedy, request_id: requestId };
  return {
    // Without a charset, because the client of KServe looks for exactly this text.
    contentType: 'application/json',
    body:
      protocol === 'mlflow'
        ? { error_code: mlflowCode(error), message, ...details }
        : { error: message, ...details },
  };
}

/** The body of RFC 9457. `error` repeats it in the shape that earlier releases answered. */
function problem(error: TidegateError, requestId: string): ErrorBody {
  const { code, status, message, remedy, places } = error;
  const details = { remedy, ...(places.length > 0 && { places: [...places] }), requestId };
  return {
    type: `urn:tidegate:error:${code}`,
    title: titleOf(code),
    status,
    detail: message,
    code,
    ...details,
    error: { code, message, ...details },
  };
}

/** Returns the title of every error with a code. @example titleOf('UNKNOWN_MODEL') // 'Unknown model' */
const titleOf = (code: ErrorCode): string => {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

// The names of MLflow's `ErrorCode`, by HTTP status.
const MLFLOW_CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'RESOURCE_DOES_NOT_EXIST',
  409: 'RESOURCE_CONFLICT',
  429: 'REQUEST_LIMIT_EXCEEDED',
  503: 'TEMPORARILY_UNAVAILABLE',
};

function mlflowCode({ code, status }: TidegateError): string {
  if (code === 'UNKNOWN_ROUTE') return 'ENDPOINT_NOT_FOUND';
  return MLFLOW_CODES[status] ?? (status >= 500 ? 'INTERNAL_ERROR' : 'BAD_REQUEST');
}
