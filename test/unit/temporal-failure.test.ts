// Errors from Temporal's service as errors of the table, and the failures of activities.
import { ServiceError } from '@temporalio/client';
import { ApplicationFailure, NamespaceNotFoundError } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { errorKinds } from '../../domain/errors.ts';
import { temporalFailure } from '../../domain/temporal-failure.ts';
import { asFailure } from '../../worker/options.ts';
import { retryPolicies } from '../../workflows/retry-policies.ts';

const grpc = (code: number, details: string): Error =>
  Object.assign(new Error(`${code} STATUS: ${details}`), { code, details, metadata: {} });

describe('temporalFailure', () => {
  it.each([
    [grpc(14, 'no connection'), 'TEMPORAL_UNREACHABLE', true],
    [grpc(4, 'deadline exceeded'), 'TEMPORAL_TIMEOUT', true],
    [grpc(8, 'namespace rate limit exceeded'), 'TEMPORAL_BUSY', true],
    [grpc(7, 'Request unauthorized.'), 'TEMPORAL_NOT_ALLOWED', false],
    [grpc(16, 'invalid token'), 'TEMPORAL_NOT_ALLOWED', false],
    [grpc(3, 'TaskQueue is not set'), 'TEMPORAL_REFUSED', false],
    [grpc(5, 'Namespace nowhere is not found.'), 'UNKNOWN_NAMESPACE', false],
    [new NamespaceNotFoundError('nowhere'), 'UNKNOWN_NAMESPACE', false],
    [new ServiceError('Failed to start', { cause: grpc(7, 'no') }), 'TEMPORAL_NOT_ALLOWED', false],
  ])('maps %s to %s', (error, code, retryable) => {
    expect(temporalFailure(error)).toMatchObject({ code, retryable });
  });

  it.each([grpc(5, 'workflow execution not found'), new Error('boom'), undefined])(
    'returns undefined for %s',
    (error) => {
      expect(temporalFailure(error)).toBeUndefined();
    },
  );
});

describe('an activity that fails', () => {
  const renamed = Object.assign(new Error('column v0.fee does not exist'), { code: '42703' });
  const readOnly = Object.assign(new Error('cannot execute INSERT in a read-only transaction'), {
    code: '25006',
  });

  it('is not retried if the error from Postgres is permanent, and its message has the step, cause and remedy', () => {
    const failure = asFailure(renamed, 'freezeWindow') as ApplicationFailure;
    expect([failure.type, failure.nonRetryable]).toEqual(['UNKNOWN_COLUMN', true]);
    expect(failure.message).toMatch(
      /^freezeWindow: column v0\.fee does not exist \(SQLSTATE 42703\)\. Correct/,
    );
  });

  it('is retried if Postgres may accept the same statement later', () => {
    expect(asFailure(readOnly, 'freezeWindow')).toMatchObject({
      type: 'DATABASE_READ_ONLY',
      nonRetryable: false,
    });
  });

  it('is not retried if the program has a defect, and its message has the step, error and remedy', () => {
    const failure = asFailure(new TypeError('x is undefined'), 'freezeWindow') as ApplicationFailure;
    expect([failure.type, failure.nonRetryable]).toEqual(['DEFECT', true]);
    expect(failure.message).toMatch(/^freezeWindow: TypeError: x is undefined\. This is a fault in Tidegate/);
    expect(failure.cause).toBeInstanceOf(TypeError);
  });

  it('passes on other errors, and failures that Temporal itself created, unchanged', () => {
    for (const error of [
      new Error('the webhook answered 503'),
      ApplicationFailure.create({ cause: renamed }),
      ApplicationFailure.create({ cause: new TypeError('x is undefined') }),
    ])
      expect(asFailure(error, 'freezeWindow')).toBe(error);
  });

  it('has a code in the retry policies if it cannot be retried and is due to Postgres, Temporal or a defect', () => {
    const named: readonly string[] = retryPolicies.store.retry.nonRetryableErrorTypes;
    const ofServers = Object.entries(errorKinds).filter(
      ([code, { retryable }]) =>
        /^(DATABASE|TEMPORAL)_|^(UNKNOWN_NAMESPACE|DEFECT)$/.test(code) && !retryable,
    );
    expect(named).toEqual(expect.arrayContaining(ofServers.map(([code]) => code)));
  });
});
