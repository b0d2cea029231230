// Reports as pages and as files that stand alone.
import { describe, expect, it } from 'vitest';
import { reportInMarkdown } from '../../../console/report/report-in-markdown.ts';
import { type ReportView } from '../../../console/report/report-view.ts';
import { driftFile, reportFile } from '../../../console/report/standalone.ts';
import { styleSheet } from '../../../console/style-sheet.ts';
import { type ColumnVerdict, type DriftVerdict } from '../../../domain/drift/verdict.ts';

const EVIL = '"><script>alert(1)</script>';

function column(name: string, drifted: boolean): ColumnVerdict {
  const shares = Array.from({ length: 16 }, (_, cell) => Number((1 / 16 + (cell - 7.5) / 400).toFixed(4)));
  return {
    column: name,
    type: 'numeric',
    status: drifted ? 'drifted' : 'stable',
    reason: null,
    critical: false,
    weight: 1,
    signals: [
      {
        subject: name,
        kind: 'distribution',
        statistic: 'ks',
        value: 0.1371,
        valueAtMost: 0.1375,
        pValue: 1e-9,
        pValueAtLeast: 1e-9,
        effect: 'wasserstein',
        effectSize: drifted ? 0.356 : 0.0211,
        threshold: 0.1,
        noiseFloor: 0.02,
        direction: 'up',
        referenceSize: 5_594,
        windowSize: 7_000,
        reason: null,
        adjustedP: 1e-8,
        status: drifted ? 'drifted' : 'stable',
      },
    ],
    psi: null,
    missing: { reference: 0.01, window: 0.02 },
    mean: { reference: 2.31, window: 2.85, note: null },
    constant: 'none',
    histogram: { cells: shares.map((_, at) => at / 2), reference: shares, window: [...shares].reverse() },
    words: `${drifted ? 'drifted' : 'stable'}: mean 2.31 → 2.85, distance in standard deviations 0.356, at or above 0.1 (adjusted p 2.01e-56)`,
  };
}

function verdictOf(columns: readonly ColumnVerdict[]): DriftVerdict {
  const drifted = columns.filter(({ status }) => status === 'drifted').map(({ column }) => column);
  return {
    preset: null,
    status: 'drifted',
    drifted: true,
    share: drifted.length / columns.length,
    threshold: 0.05,
    alpha: 0.05,
    referenceRows: 5_594,
    windowRows: 7_000,
    driftedColumns: drifted,
    criticalColumns: [],
    notMeasurable: [],
    columns,
    others: [],
    multivariate: null,
    reason: `${drifted.length} of ${columns.length} columns drifted`,
  };
}

const columns = (count: number): ColumnVerdict[] =>
  Array.from({ length: count }, (_, at) => column(`a_column_with_a_long_name_${at}`, at % 9 === 0));

const viewOf = (verdict: DriftVerdict, model = 'churn'): ReportView => ({
  id: 7,
  model,
  asOf: new Date('2026-09-30T00:00:00Z'),
  createdAt: new Date('2026-10-01T00:00:00Z'),
  championVersion: 1,
  definitionVersion: 1,
  dataset: {
    from: new Date('2026-08-31T00:00:00Z'),
    to: new Date('2026-09-30T00:00:00Z'),
    rows: 7_000,
    digest: 'ab'.repeat(32),
  },
  quality: null,
  drift: { measured: true, championVersion: 1, verdict },
  performance: null,
  decision: {
    rulesVersion: 'retrain/3',
    retrain: false,
    outcome: 'waiting for labels',
    reason: `the share of ${EVIL} is too large`,
    rules: [{ name: EVIL, held: true, value: 0.2, bound: 0.05, words: EVIL }],
  },
  promised: { low: 0.832, high: 0.874 },
  importance: new Map(),
  history: [],
  retrain: null,
});

describe('a report as one file', () => {
  const text = reportFile(viewOf(verdictOf(columns(50))), styleSheet());

  it('runs no script, needs nothing from the network, and says so in its policy', () => {
    expect(text).not.toMatch(/<script|<link|<img|<iframe|\ssrc=|@import|url\(|https?:\/\//);
    expect(text).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it('has at most 150 kB for 50 columns and 2 MB for 1,000', () => {
    expect(Buffer.byteLength(text)).toBeLessThan(150_000);
    expect(Buffer.byteLength(reportFile(viewOf(verdictOf(columns(1_000))), styleSheet()))).toBeLessThan(
      2_000_000,
    );
  });

  it('has a picture, a sentence and the numbers of each column, those that drifted first', () => {
    expect(text.match(/<path class="ref"/g)).toHaveLength(50);
    expect(text.indexOf('a_column_with_a_long_name_9<')).toBeLessThan(
      text.indexOf('a_column_with_a_long_name_1<'),
    );
    expect(text).toContain('There is a reason to retrain, but too few labels');
  });

  it('shows names and words that contain HTML as text', () => {
    const evil = column(EVIL, true);
    const odd = {
      ...evil,
      histogram: { cells: [EVIL, 'b'], reference: [0.5, 0.5], window: [0.1, 0.9] },
      words: EVIL,
    };
    const verdict = { ...verdictOf([odd]), reason: EVIL };
    for (const document of [
      reportFile(
        { ...viewOf(verdict, EVIL), history: [{ column: EVIL, effects: [0.1, 0.2], threshold: 0.1 }] },
        styleSheet(),
      ),
      driftFile(
        { reference: { name: EVIL, rows: 1 }, current: { name: EVIL, rows: 1 }, verdict, notes: [EVIL] },
        styleSheet(),
      ),
      reportInMarkdown(viewOf(verdict, EVIL)),
    ]) {
      expect(document).not.toContain('<script');
      expect(document).toContain('&lt;script&gt;');
    }
  });
});
