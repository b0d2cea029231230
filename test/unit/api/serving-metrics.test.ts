import pino from 'pino';
import { expect, it } from 'vitest';
import { servingMetrics } from '../../../api/routes/serving-metrics.ts';
import { RequestCounts } from '../../../api/serving/request-counts.ts';
import { type Database } from '../../../store/postgres/database.ts';

it('requests are counted by result, and answered ones by duration, for each version', () => {
  const counts = new RequestCounts({} as Database, 'test', pino({ level: 'silent' }));
  const churn = { model: 'churn', version: 3 };
  for (const [status, ms] of [
    [200, 0.5],
    [200, 4],
    [200, 9_000],
    [400, 1],
    [503, 1],
    [500, 1],
  ] as const)
    counts.count(churn, status, ms);
  counts.count({ model: 'a "quoted"\nname\\', version: 1 }, 200, 1);
  const lines = servingMetrics([churn], counts.totals).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'tidegate_serving_version{model="churn"} 3',
      '# TYPE tidegate_requests_total counter',
      'tidegate_requests_total{model="churn",version="3",result="answered"} 3',
      'tidegate_requests_total{model="churn",version="3",result="refused"} 1',
      'tidegate_requests_total{model="churn",version="3",result="failed"} 2',
      '# TYPE tidegate_request_duration_seconds histogram',
      'tidegate_request_duration_seconds_bucket{model="churn",version="3",le="0.001"} 1',
      'tidegate_request_duration_seconds_bucket{model="churn",version="3",le="0.005"} 2',
      'tidegate_request_duration_seconds_bucket{model="churn",version="3",le="2.5"} 2',
      'tidegate_request_duration_seconds_bucket{model="churn",version="3",le="+Inf"} 3',
      'tidegate_request_duration_seconds_sum{model="churn",version="3"} 9.0045',
      'tidegate_request_duration_seconds_count{model="churn",version="3"} 3',
      'tidegate_requests_total{model="a \\"quoted\\"\\nname\\\\",version="1",result="answered"} 1',
    ]),
  );
});
