// Runs the loop on real data: version 1 learns month one and is approved; month two drifts, and version 2 replaces it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExplainAnswer } from '../../api/schemas/explanation.ts';
import { type ComparisonBody } from '../../domain/decisions/comparison-body.ts';
import { type DriftPart, type PerformancePart } from '../../domain/decisions/report.ts';
import { parseDefinition } from '../../domain/model/define-model.ts';
import churn from '../../models/churn.ts';
import { applyDefinition } from '../../store/definitions/definitions.ts';
import { importFolder } from '../../store/import/import-files.ts';
import { findComparison } from '../../store/registry/comparisons.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { getReport } from '../../store/registry/reports.ts';
import { listTransitions } from '../../store/registry/verify-chain.ts';
import { listVersions } from '../../store/registry/versions.ts';
import {
  approveSignal,
  type MonitorResult,
  type ReleaseResult,
  releaseStateQuery,
  searchAttributes,
  workflowIds,
  workflowTypes,
} from '../../workflows/protocol/messages.ts';
import { grantedApproval } from '../helpers/candidates.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Loop, startLoop } from '../helpers/loop.ts';

const data = fileURLToPath(new URL('../../../shared/data/streamflow', import.meta.url));
const isThere = existsSync(data);
const where = isThere ? '' : ` (skipped: ${data} is not there)`;

// A unique name, because all tests of a run share one Temporal and its workflow ids.
const MODEL = 'streamflow';
const USER = '7590-VHVEG';

describe.skipIf(!isThere)(`the loop on StreamFlow${where}`, () => {
  let loop: Loop;
  let before: { version: number; score: number };
  beforeAll(async () => {
    loop = await startLoop();
  });
  afterAll(() => loop.stop());

  const importMonth = (month: string, asOf: string) =>
    importFolder(loop.database.pool, { folder: `${data}/${month}`, asOf: new Date(asOf) });

  const monitor = async (asOf: string): Promise<MonitorResult> =>
    (await loop.client.workflow.execute(workflowTypes.monitor, {
      workflowId: workflowIds.monitor(MODEL),
      taskQueue: loop.taskQueue,
      args: [{ model: MODEL, asOf }],
      typedSearchAttributes: [{ key: searchAttributes.model, value: MODEL }],
    })) as MonitorResult;

  const waitingRelease = (version: number) =>
    eventually(
      async () => {
        const handle = loop.client.workflow.getHandle(workflowIds.release(MODEL, version));
        const state = await handle.query(releaseStateQuery);
        expect(state.phase).toBe('waiting');
        return { handle, digest: state.evidenceDigest ?? '' };
      },
      { within: 60_000 },
    );

  const approve = async (version: number): Promise<ReleaseResult> => {
    const { handle, digest } = await waitingRelease(version);
    const about = { model: MODEL, version, digest };
    await handle.signal(approveSignal, await grantedApproval(loop.database, 'grace', about));
    return (await handle.result()) as ReleaseResult;
  };

  const predict = async (): Promise<{ version: number; score: number }> => {
    const response = await fetch(`${loop.apiUrl}/models/${MODEL}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: { user_id: USER } }),
    });
    const answer = (await response.json()) as { version: number; predictions: { score: number }[] };
    expect(response.status).toBe(200);
    return { version: answer.version, score: answer.predictions[0]?.score ?? NaN };
  };

  it('trains version 1 on month one, and a person approves it', async () => {
    await importMonth('month_000', '2024-01-31T00:00:00Z');
    await applyDefinition(loop.database, parseDefinition({ ...churn, name: MODEL }), 'ada');
    const run = await monitor('2024-01-31T00:00:00Z');
    expect(run.outcome).toBe('bootstrap');
    const released = await approve(1);
    expect(released.outcome).toBe('promoted');
    before = await predict();
    expect(before.version).toBe(1);
  });

  it('finds in month two that one column drifted and that the champion got worse', async () => {
    await importMonth('month_001', '2024-02-29T00:00:00Z');
    const run = await monitor('2024-02-29T00:00:00Z');
    expect(run.outcome).toBe('performance');
    const report = await getReport(loop.database, run.reportId);
    const drift = report.drift as DriftPart & { measured: true };
    expect(drift.verdict.driftedColumns).toEqual(['rebuffer_events_7d']);
    const { realised } = report.performance as PerformancePart & { measured: true };
    expect(realised?.auc?.value).toBeGreaterThan(0.42);
    expect(realised?.auc?.value).toBeLessThan(0.54);
  });

  it('shows on the same holdout rows that version 2 is better, and serves it once approved', async () => {
    const { digest } = await waitingRelease(2);
    const evidence = await findEvidence(loop.database, MODEL, 2);
    expect(evidence?.digest).toBe(digest);
    const comparison = (await findComparison(loop.database, MODEL, 2))?.body as ComparisonBody;
    expect(comparison.leakedClusters).toBe(0);
    expect(comparison.slices.map(({ name }) => name)).toContain('net_service = Fiber optic');
    expect(comparison.candidate.auc.value).toBeGreaterThan(0.58);
    expect(comparison.difference.low).toBeGreaterThan(0.05);
    expect(comparison.difference.p).toBeLessThan(1e-4);

    const released = await approve(2);
    expect(released.outcome).toBe('promoted');
    const after = await predict();
    expect(after.version).toBe(2);
    expect(after.score).not.toBe(before.score);
  });

  it('writes a model card, and explains the score of a user', async () => {
    const card = await fetch(`${loop.apiUrl}/models/${MODEL}/versions/2/card`, {
      headers: { accept: 'text/markdown' },
    });
    const text = await card.text();
    expect(text).toContain('Approved by grace (key)');
    expect(text).toContain('net_service = Fiber optic');
    expect(text).toMatch(
      /version 1 \(champion\) was trained on \d+ rows .*: 0 of \d+ evaluation clusters among them/,
    );
    expect(text).toContain('this holdout was used for 1 decision before');
    expect(text).toMatch(/Report \d+ as of 2024-02-29.*rebuffer_events_7d/);

    const explained = await fetch(`${loop.apiUrl}/models/${MODEL}/explain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: { user_id: USER } }),
    });
    const { version, score, base, contributions } = (await explained.json()) as ExplainAnswer;
    expect(version).toBe(2);
    const logOdds = contributions.reduce((sum, { log_odds: part }) => sum + part, base);
    expect(1 / (1 + Math.exp(-logOdds))).toBeCloseTo(score, 9);
    expect(score).toBe((await predict()).score);
  });

  it('records a reason and an actor for every stage move', async () => {
    const moves = await listTransitions(loop.database, MODEL);
    expect(moves.map(({ version, to, reason, actor }) => [version, to, reason, actor])).toEqual([
      [1, 'Staging', 'rules_passed', 'tidegate'],
      [1, 'Production', 'approved', 'grace'],
      [2, 'Staging', 'rules_passed', 'tidegate'],
      [1, 'Archived', 'replaced', 'grace'],
      [2, 'Production', 'approved', 'grace'],
    ]);
    const stages = (await listVersions(loop.database, MODEL)).map(({ version, stage }) => [version, stage]);
    expect(stages).toEqual([
      [2, 'Production'],
      [1, 'Archived'],
    ]);
  });
});
