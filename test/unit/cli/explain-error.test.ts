// Failures, whatever wraps them, as errors of the table.
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { TidegateError } from '../../../domain/errors.ts';
import { errorLines, explainError } from '../../../cli/output/explain-error.ts';
import { asFailure } from '../../../worker/options.ts';

const failedRun = (cause: Error): Error =>
  new WorkflowFailedError(
    'Workflow execution failed',
    new ActivityFailure(
      'Activity task failed',
      'trainCandidate',
      '7',
      RetryState.NON_RETRYABLE_FAILURE,
      'w',
      cause,
    ),
    RetryState.NON_RETRYABLE_FAILURE,
  );

describe('explainError', () => {
  it('keeps an error of the table as it is', () => {
    const error = new TidegateError('UNKNOWN_MODEL', 'there is no model "x"');
    expect(explainError(error)).toBe(error);
  });

  it('finds the error of an activity inside the failure of its run, without saying the remedy twice', () => {
    const places = [{ at: 'labels', problem: 'none' }];
    const failure = asFailure(
      new TidegateError('TOO_FEW_LABELS', 'no row has a label yet', { places }),
    ) as Error;
    expect(explainError(failedRun(failure))).toMatchObject({
      code: 'TOO_FEW_LABELS',
      message: 'no row has a label yet',
      places,
      remedy: 'Wait for labels, or widen training.window.',
    });
  });

  it('tells a failure of no known type in its own words', () => {
    expect(
      explainError(failedRun(ApplicationFailure.create({ message: 'boom', type: 'TypeError' }))),
    ).toMatchObject({
      code: 'INTERNAL',
      message: 'boom',
    });
  });

  it('does not take a name that every object has for a code', () => {
    expect(explainError(ApplicationFailure.create({ message: 'odd', type: 'toString' })).code).toBe(
      'INTERNAL',
    );
  });

  it('says of a run that exists already that it is running', () => {
    const error = new WorkflowExecutionAlreadyStartedError('exists', 'monitor/churn', 'monitorWorkflow');
    expect(explainError(error)).toMatchObject({
      code: 'ALREADY_RUNNING',
      message: 'monitor/churn is running already',
    });
  });

  it('says of a run that has ended that nothing is pending', () => {
    expect(explainError(new WorkflowNotFoundError('gone', 'release/churn/1', undefined)).code).toBe(
      'NOTHING_PENDING',
    );
  });

  it('says of an unavailable server that Temporal does not answer', () => {
    const unavailable = Object.assign(new Error('14 UNAVAILABLE'), {
      code: 14,
      details: 'no connection',
      metadata: {},
    });
    expect(explainError(unavailable)).toMatchObject({
      code: 'TEMPORAL_UNREACHABLE',
      message: 'Temporal did not answer: no connection',
    });
  });

  it('ends on causes that go round in a circle', () => {
    const first = new Error('first');
    first.cause = new Error('second', { cause: first });
    expect(explainError(first)).toMatchObject({ code: 'INTERNAL', message: 'first' });
  });

  it('takes anything that was thrown', () => {
    expect(explainError('a text').message).toBe('a text');
    expect(explainError(undefined).code).toBe('INTERNAL');
  });
});

describe('errorLines', () => {
  const error = new TidegateError('IMPORT_REJECTED', 'month_000 was not imported', {
    places: [
      { at: 'users.csv:17 signup_date', problem: 'not a date' },
      { at: 'labels.csv', problem: 'is empty' },
    ],
    cause: new Error('the cause'),
  });

  it('tells code and message, one line a place, and the remedy', () => {
    expect(errorLines(error, { stack: false })).toEqual([
      'error IMPORT_REJECTED: month_000 was not imported',
      '  users.csv:17 signup_date: not a date',
      '  labels.csv: is empty',
      'remedy: Correct the places listed and import again; nothing from this import was kept.',
    ]);
  });

  it('shows the stacks of error and cause only where asked to', () => {
    expect(errorLines(error, { stack: false }).join('\n')).not.toContain('explain-error.test.ts');
    const stacks = errorLines(error, { stack: true }).join('\n');
    expect(stacks).toContain('explain-error.test.ts');
    expect(stacks).toContain('Error: the cause');
  });
});
