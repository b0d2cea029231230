// A measured report through the API: as a document that matches the published schema, as flat metrics, and as gauges.
import { gunzipSync } from 'node:zlib';
import { type Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import { driftFrame } from '../../bench/drift-frames.ts';
import { type ErrorBody } from '../../api/schemas/common.ts';
import { type DriftPart, type PerformancePart } from '../../domain/decisions/report.ts';
import {
  REPORT_VERSION,
  reportDocumentSchema,
  reportJsonSchema,
} from '../../domain/decisions/report/report-document.ts';
import { columnsShown, reportGauges } from '../../api/routes/metrics.ts';
import { type Report, writeReportPart } from '../../store/registry/reports.ts';
import { type FrozenModel, frozenModel } from '../helpers/frozen-model.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { authorization, startTestApi, type TestApi } from './fixture.ts';

let database: MigratedDatabase;
let api: TestApi;
let model: FrozenModel;
let drifted: number;
let unmeasured: number;

beforeAll(async () => {
  database = await migratedDatabase();
  const inActivity = new MockActivityEnvironment();
  const activities = createActivities({ database, client: {} as Client, taskQueue: 'none' });
  model = await frozenModel(database, 'measured', driftFrame(3_000, 'reference'));
  unmeasured = await model.report(driftFrame(1_000, 'reference'));
  drifted = await model.report(driftFrame(3_000, 'window'));
  for (const step of ['checkQuality', 'measureDrift', 'measurePerformance', 'decideRetrain'] as const)
    await inActivity.run<[], unknown, () => Promise<unknown>>(() => activities[step]({ reportId: drifted }));
  api = await startTestApi(database);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const read = async (url: string) => {
  const response = await api.app.inject({ method: 'GET', url, headers: authorization(api.key) });
  return { status: response.statusCode, type: response.headers['content-type'], response };
};

const json = async <T = Record<string, unknown>>(url: string): Promise<T> => {
  const { status, response } = await read(url);
  expect(status, url).toBe(200);
  return response.json<T>();
};

type Measured = Extract<DriftPart, { measured: true }>;

interface DriftedReport {
  readonly [field: string]: unknown;
  readonly drift: Measured;
  readonly performance: PerformancePart;
  readonly decision: { readonly outcome: string };
}

const driftedReport = (): Promise<DriftedReport> => json(`/models/measured/reports/${drifted}`);

describe('a report', () => {
  it('matches the published schema, measured or not', async () => {
    for (const id of [drifted, unmeasured]) {
      const body = await json(`/models/measured/reports/${id}`);
      expect(reportDocumentSchema.parse(body)).toEqual(body);
      expect(body).toMatchObject({ schemaVersion: REPORT_VERSION, id, model: 'measured' });
    }
    const { verdict } = (await driftedReport()).drift;
    expect(verdict.driftedColumns).toEqual(['n1', 'n4']);
    for (const { histogram } of verdict.columns) {
      const { cells, reference, window } = histogram!;
      expect(reference).toHaveLength(cells.length);
      const all = window.reduce((sum, share) => sum + share, 0);
      expect(Math.abs(all - 1)).toBeLessThan(0.002);
    }
  });

  it('does not match the schema if a field is missing or has another type', async () => {
    const body = await driftedReport();
    const { drift, ...rest } = body;
    expect(reportDocumentSchema.safeParse(rest).success).toBe(false);
    expect(reportDocumentSchema.safeParse({ ...body, schemaVersion: 2 }).success).toBe(false);
    const broken = { ...drift, verdict: { ...drift.verdict, columns: [{ column: 'n0' }] } };
    expect(reportDocumentSchema.safeParse({ ...rest, drift: broken }).success).toBe(false);
  });

  it('of an earlier release, without fields that were added later, matches the schema too', async () => {
    const body = await driftedReport();
    const { preset, multivariate, ...verdict } = body.drift.verdict;
    expect([preset, multivariate]).toEqual([null, null]);
    const columns = verdict.columns.map(({ histogram, ...column }) => {
      expect(histogram).toBeTruthy();
      return column;
    });
    if (!body.performance.measured) throw new Error('performance was not measured');
    const { estimated, labels, ...performance } = body.performance;
    expect([estimated, labels]).not.toContain(undefined);
    const earlier = {
      ...body,
      drift: { ...body.drift, verdict: { ...verdict, columns } },
      performance,
    };
    expect(reportDocumentSchema.safeParse(earlier).error).toBeUndefined();
  });

  it('has its schema at /schemas/report, as JSON Schema', async () => {
    const { status, type, response } = await read('/schemas/report');
    expect([status, type]).toEqual([200, 'application/schema+json; charset=utf-8']);
    const body = response.json<Record<string, unknown>>();
    expect(body).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())));
    expect(body['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
  });

  it('has flat names and finite numbers for MLflow', async () => {
    const body = await json(`/models/measured/reports/${drifted}?format=mlflow`);
    expect(body).toMatchObject({
      'drift/drifted_columns': 2,
      'drift/window_rows': 3_000,
      'drift/columns/n1/drifted': 1,
      'drift/columns/n0/drifted': 0,
    });
    for (const name of ['quality/broken_contracts', 'performance/auc', 'decision/retrain'])
      expect(body).toHaveProperty([name]);
    for (const [name, value] of Object.entries(body)) {
      expect(name).toMatch(/^[\w./-]{1,250}$/);
      expect(Number.isFinite(value), name).toBe(true);
    }
    expect(await json(`/models/measured/reports/${unmeasured}?format=mlflow`)).toEqual({});
  });
});

describe('the list of reports', () => {
  const ids = async (query: string): Promise<number[]> => {
    const { reports } = await json<{ reports: { id: number }[] }>(`/models/measured/reports?${query}`);
    return reports.map(({ id }) => id);
  };

  it('can be filtered by drift, outcome and instant, and read page by page', async () => {
    const body = await driftedReport();
    expect(await ids('')).toEqual([drifted, unmeasured]);
    expect(await ids(`drifted=${body.drift.verdict.drifted}`)).toEqual([drifted]);
    expect(await ids(`drifted=${!body.drift.verdict.drifted}`)).toEqual([]);
    expect(await ids(`outcome=${encodeURIComponent(body.decision.outcome)}`)).toEqual([drifted]);
    expect(await ids('outcome=never')).toEqual([]);
    expect(await ids(`before=${drifted}`)).toEqual([unmeasured]);
    expect(await ids('from=2024-02-01T00:00:00Z&to=2024-02-01T00:00:00Z')).toEqual([drifted, unmeasured]);
    expect(await ids('from=2024-02-02T00:00:00Z')).toEqual([]);
    expect(await ids('to=2024-01-31T00:00:00Z')).toEqual([]);
  });

  it.each(['drifted=perhaps', 'from=yesterday', 'before=0', 'outcome='])('refuses %s', async (query) => {
    const { status, response } = await read(`/models/measured/reports?${query}`);
    expect([status, response.json<ErrorBody>().error.code]).toEqual([400, 'INVALID_REQUEST']);
  });
});

describe('GET /metrics', () => {
  const scrape = async (): Promise<string> => {
    const { status, type, response } = await read('/metrics');
    expect([status, type]).toEqual([200, expect.stringContaining('text/plain')]);
    return response.body;
  };

  it('returns the newest measured report of each model as gauges', async () => {
    const text = await scrape();
    const value = (name: string): number => {
      const line = text.split('\n').find((line) => line.startsWith(`${name} `));
      if (line === undefined) throw new Error(`there is no ${name}`);
      return Number(line.split(' ').at(-1));
    };
    expect(value('tidegate_column_drifted{model="measured",column="n1"}')).toBe(1);
    expect(value('tidegate_column_drifted{model="measured",column="n0"}')).toBe(0);
    expect(value('tidegate_column_effect{model="measured",column="n1"}')).toBeGreaterThan(0.5);
    expect(value('tidegate_window_rows{model="measured"}')).toBe(3_000);
    expect(value('tidegate_columns_left_out{model="measured"}')).toBe(0);
    expect(value('tidegate_report_age_seconds{model="measured"}')).toBeGreaterThanOrEqual(0);
    const auc = (bound: string): number =>
      value(`tidegate_auc{model="measured",source="realised",bound="${bound}"}`);
    expect(auc('low')).toBeLessThan(auc('value'));
    expect(auc('high')).toBeGreaterThan(auc('value'));
    expect(text.match(/# TYPE tidegate_\w+ gauge/g)).toHaveLength(15);
  });

  it('has the same content compressed if the client accepts gzip', async () => {
    const headers = { ...authorization(api.key), 'accept-encoding': 'deflate, gzip;q=1.0' };
    const packed = await api.app.inject({ method: 'GET', url: '/metrics', headers });
    expect(packed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    const names = (text: string): string[] => text.split('\n').map((line) => line.split(' ')[0] ?? '');
    expect(names(gunzipSync(packed.rawPayload).toString())).toEqual(names(await scrape()));
  });

  it('stays small with many models, because they share the limit on columns with gauges', async () => {
    const { drift, ...rest } = await driftedReport();
    const [column] = drift.verdict.columns;
    const columns = Array.from({ length: 14 }, (_, at) => ({ ...column!, column: `feature_number_${at}` }));
    const report = { ...rest, drift: { ...drift, verdict: { ...drift.verdict, columns } } };
    const reports = Array.from({ length: 60 }, (_, at) => ({
      ...(report as unknown as Report),
      createdAt: new Date(),
      asOf: new Date(),
      model: `model-${at}`,
    }));
    const text = await reportGauges(reports, new Date());
    expect(text.match(/^tidegate_column_drifted\{/gm)).toHaveLength(300);
    expect(text).toContain('tidegate_columns_left_out{model="model-0"} 9');
    expect(text.length).toBeLessThan(200_000);
    expect([1, 3, 4, 60, 1_000].map(columnsShown)).toEqual([100, 100, 75, 5, 3]);
  });

  it('has no gauges for values that were not measured, nor for more than a hundred columns of a model', async () => {
    const body = await driftedReport();
    const [column] = body.drift.verdict.columns;
    const columns = Array.from({ length: 150 }, (_, at) => ({
      ...column,
      column: `wide"${at}\\`,
      status: at === 149 ? 'drifted' : 'not measurable',
      psi: null,
    }));
    const later = await model.report(driftFrame(100, 'window'));
    const verdict = { ...body.drift.verdict, columns };
    await writeReportPart(database, later, 'drift', { ...body.drift, verdict });
    const text = await scrape();
    expect(text.match(/^tidegate_column_effect\{/gm)).toHaveLength(100);
    expect(text.match(/^tidegate_column_drifted\{.*$/gm)).toEqual([
      'tidegate_column_drifted{model="measured",column="wide\\"149\\\\"} 1',
    ]);
    expect(text).not.toMatch(/^tidegate_(column_psi|auc)\{/m);
    expect(text).toContain('tidegate_columns_left_out{model="measured"} 50');
  });
});
