// Failures of any kind, wrapped or not, as errors with a code.
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { TidegateError } from '../../../domain/errors.ts';
import { explainError } from '../../../operations/explain-error.ts';
import { errorLines } from '../../../cli/output/explain-error.ts';
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
  it('returns an error with a code unchanged', () => {
    const error = new TidegateError('UNKNOWN_MODEL', 'there is no model "x"');
    expect(explainError(error)).toBe(error);
  });

  it('finds the error of an activity inside the failure of its run, with message and remedy apart', () => {
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

  it('does not remove the text of the remedy from inside the message', () => {
    const error = new TidegateError('UNKNOWN_MODEL', 'first. Then. First', { remedy: 'Then' });
    expect(explainError(failedRun(asFailure(error) as Error))).toMatchObject({
      message: 'first. Then. First',
      remedy: 'Then',
    });
  });

  it('shows the whole message of a failure that an earlier release recorded', () => {
    const failure = ApplicationFailure.create({
      type: 'UNKNOWN_MODEL',
      message: 'there is no model "x". Apply it.',
      details: [{ remedy: 'Apply it.' }],
    });
    expect(explainError(failedRun(failure))).toMatchObject({
      code: 'UNKNOWN_MODEL',
      message: 'there is no model "x". Apply it.',
    });
  });

  it('keeps the message of a failure of unknown type', () => {
    expect(
      explainError(failedRun(ApplicationFailure.create({ message: 'boom', type: 'TypeError' }))),
    ).toMatchObject({
      code: 'INTERNAL',
      message: 'boom',
    });
  });

  it('does not mistake a property of every object for a code', () => {
    expect(explainError(ApplicationFailure.create({ message: 'odd', type: 'toString' })).code).toBe(
      'INTERNAL',
    );
  });

  it('reports a run that already exists as running', () => {
    const error = new WorkflowExecutionAlreadyStartedError('exists', 'monitor/churn', 'monitorWorkflow');
    expect(explainError(error)).toMatchObject({
      code: 'ALREADY_RUNNING',
      message: 'monitor/churn is already running',
    });
  });

  it('reports that nothing is pending if the run has ended', () => {
    expect(explainError(new WorkflowNotFoundError('gone', 'release/churn/1', undefined)).code).toBe(
      'NOTHING_PENDING',
    );
  });

  it('reports an unavailable server as Temporal not answering', () => {
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

  it('stops at causes that form a circle', () => {
    const first = new Error('first');
    first.cause = new Error('second', { cause: first });
    expect(explainError(first)).toMatchObject({ code: 'INTERNAL', message: 'first' });
  });

  it('accepts any thrown value', () => {
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

  it('prints code and message, one line per place, and the remedy', () => {
    expect(errorLines(error, { stack: false })).toEqual([
      'error IMPORT_REJECTED: month_000 was not imported',
      '  users.csv:17 signup_date: not a date',
      '  labels.csv: is empty',
      'remedy: Correct the places listed and import again; nothing from this import was kept.',
    ]);
  });

  it('shows the stacks of error and cause only if asked to', () => {
    expect(errorLines(error, { stack: false }).join('\n')).not.toContain('explain-error.test.ts');
    const stacks = errorLines(error, { stack: true }).join('\n');
    expect(stacks).toContain('explain-error.test.ts');
    expect(stacks).toContain('Error: the cause');
  });
});
