// Metrics of the requests that this process answered, in the text format of Prometheus.
import { DURATION_BUCKETS, type RequestTotals } from '../serving/request-counts.ts';
import { type VersionRef } from '../../store/registry/wanted-versions.ts';

/**
 * Writes the version that answers for each model, and requests and durations by model and version since the process started.
 *
 * @param loaded the versions that answer
 * @example servingMetrics([{ model: 'churn', version: 3 }], [])
 */
export function servingMetrics(loaded: readonly VersionRef[], totals: readonly RequestTotals[]): string {
  const lines = [
    ...heading('tidegate_serving_version', 'gauge', 'The version that answers for a model in this process'),
    ...loaded.map(({ model, version }) => `tidegate_serving_version{model="${escaped(model)}"} ${version}`),
    ...heading(
      'tidegate_requests_total',
      'counter',
      'Requests for predictions by result: answered, refused because of the request, or failed because of the server',
    ),
    ...totals.flatMap(({ results, ...of }) =>
      Object.entries(results).map(
        ([result, count]) => `tidegate_requests_total{${labelsOf(of)},result="${result}"} ${count}`,
      ),
    ),
    ...heading(
      'tidegate_request_duration_seconds',
      'histogram',
      'Duration of answered requests in the server',
    ),
    ...totals.flatMap(histogramOf),
  ];
  return `${lines.join('\n')}\n`;
}

function histogramOf({ durations, seconds, ...of }: RequestTotals): string[] {
  const name = 'tidegate_request_duration_seconds';
  const labels = labelsOf(of);
  let sum = 0;
  const buckets = durations.map((count, place) => {
    sum += count;
    return `${name}_bucket{${labels},le="${DURATION_BUCKETS[place] ?? '+Inf'}"} ${sum}`;
  });
  return [...buckets, `${name}_sum{${labels}} ${seconds}`, `${name}_count{${labels}} ${sum}`];
}

const heading = (name: string, type: string, help: string): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
];

const labelsOf = ({ model, version }: VersionRef): string => `model="${escaped(model)}",version="${version}"`;

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
