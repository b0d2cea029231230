// A printed report, with the retrain that it requested at its end.
import { expect, test } from 'vitest';
import { Output } from '../../../cli/output/output.ts';
import { printReport } from '../../../cli/output/report-tables.ts';
import { evaluateLeaks, leakPolicyOf } from '../../../domain/learning/leak-alarm.ts';
import { type Report } from '../../../store/registry/reports.ts';
import { type Retrain } from '../../../store/registry/retrains.ts';

const report: Report = {
  id: 7,
  model: 'churn',
  definitionVersion: 1,
  championVersion: null,
  datasetId: 3,
  asOf: new Date('2024-02-29Z'),
  quality: null,
  drift: null,
  performance: null,
  decision: null,
  summary: 'as of 2024-02-29: no version in Production, bootstrap',
  requestedBy: 'schedule',
  claimedBy: null,
  workflowId: 'monitor/churn',
  runId: 'r',
  createdAt: new Date('2024-03-01Z'),
};
const retrain: Retrain = {
  id: 'churn/report-7',
  model: 'churn',
  reportId: 7,
  asOf: null,
  trigger: 'bootstrap',
  requestedBy: 'ada',
  claimedBy: null,
  grantId: null,
  datasetId: 4,
  candidateVersion: null,
  leaks: null,
  outcome: null,
  reason: null,
  summary: null,
  startedAt: new Date('2024-03-01Z'),
  finishedAt: null,
};

function printed(of?: Retrain): string {
  let said = '';
  const output = new Output({
    stdout: { write: (text: string) => (said += text) },
    stderr: { write: () => undefined },
  });
  printReport(output, report, of);
  return said;
}

test('a report without a retrain does not mention one', () => {
  expect(printed()).not.toContain('Retrain');
});

test('an open retrain is shown as running', () => {
  expect(printed(retrain)).toContain('churn/report-7: running\n');
});

test('a retrain that the leak alarm refused is shown with its outcome and what the alarm found', () => {
  const alone = [{ feature: 'closed', measure: 'rate' as const, auc: { value: 1, low: 1, high: 1 } }];
  const leaks = evaluateLeaks({ rows: 900, features: 3, alone, views: [] }, leakPolicyOf(undefined));
  const text = printed({
    ...retrain,
    leaks,
    outcome: 'refused',
    summary: 'refused before training: LEAK_SUSPECTED',
  });
  expect(text).toContain('churn/report-7: refused: refused before training: LEAK_SUSPECTED\n');
  expect(text).toContain(
    'LEAK_SUSPECTED among 3 features on 900 training rows: closed alone separates the classes',
  );
});
