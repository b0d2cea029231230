import { describe, expect, it } from 'vitest';
import { errorAnswer, protocolOf } from '../../../api/plugins/error-shapes.ts';
import { TidegateError } from '../../../domain/errors.ts';

const error = new TidegateError('INVALID_FEATURE', 'features.hours: expected a number', {
  places: [{ at: 'features.hours', problem: 'expected a number' }],
  remedy: 'Send a number.',
});

describe('the protocol of a path', () => {
  it.each([
    ['/invocations', 'mlflow'],
    ['/invocations?x=1', 'mlflow'],
    ['/models/churn/invocations', 'mlflow'],
    ['/endpoints/churn/invocations', 'mlflow'],
    ['/ping', 'mlflow'],
    ['/v2', 'open-inference'],
    ['/v2/models/churn/infer?x=/invocations', 'open-inference'],
    ['/v2/nothing', 'open-inference'],
    ['/v2x', 'native'],
    ['/models/churn/predict', 'native'],
    ['/models/v2/predict?x=/v2/', 'native'],
    ['/models/a/b/invocations', 'native'],
    ['/healthz', 'native'],
  ] as const)('of %s is %s', (url, protocol) => {
    expect(protocolOf(url)).toBe(protocol);
  });
});

describe('an error', () => {
  it('of a native route is a problem of RFC 9457, and repeats its fields as earlier releases answered them', () => {
    expect(errorAnswer(error, 'r1', 'native')).toEqual({
      contentType: 'application/problem+json; charset=utf-8',
      body: {
        type: 'urn:tidegate:error:INVALID_FEATURE',
        title: 'Invalid feature',
        status: 400,
        detail: 'features.hours: expected a number',
        code: 'INVALID_FEATURE',
        remedy: 'Send a number.',
        places: [{ at: 'features.hours', problem: 'expected a number' }],
        requestId: 'r1',
        error: {
          code: 'INVALID_FEATURE',
          message: 'features.hours: expected a number',
          remedy: 'Send a number.',
          places: [{ at: 'features.hours', problem: 'expected a number' }],
          requestId: 'r1',
        },
      },
    });
  });

  it('of an MLflow route names an error code of MLflow', () => {
    expect(errorAnswer(error, 'r1', 'mlflow')).toEqual({
      contentType: 'application/json',
      body: {
        error_code: 'BAD_REQUEST',
        message: 'features.hours: expected a number',
        code: 'INVALID_FEATURE',
        remedy: 'Send a number.',
        request_id: 'r1',
      },
    });
    const codes = (
      [
        'UNAUTHENTICATED',
        'FORBIDDEN',
        'UNKNOWN_MODEL',
        'UNKNOWN_ROUTE',
        'DATABASE_TIMEOUT',
        'INTERNAL',
        'BODY_TOO_LARGE',
      ] as const
    ).map((code) => errorAnswer(new TidegateError(code, 'x'), 'r1', 'mlflow').body);
    expect(codes).toMatchObject([
      { error_code: 'UNAUTHENTICATED' },
      { error_code: 'PERMISSION_DENIED' },
      { error_code: 'RESOURCE_DOES_NOT_EXIST' },
      { error_code: 'ENDPOINT_NOT_FOUND' },
      { error_code: 'TEMPORARILY_UNAVAILABLE' },
      { error_code: 'INTERNAL_ERROR' },
      { error_code: 'BAD_REQUEST' },
    ]);
  });

  it('of an Open Inference route has its message as the text `error`', () => {
    expect(errorAnswer(error, 'r1', 'open-inference').body).toEqual({
      error: 'features.hours: expected a number',
      code: 'INVALID_FEATURE',
      remedy: 'Send a number.',
      request_id: 'r1',
    });
  });
});
