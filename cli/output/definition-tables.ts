// Prints a definition's features: a table for each view, and one for the derived columns.
import {
  type DescribedColumn,
  type DescribedDefinition,
  type DescribedView,
} from '../../domain/decisions/describe/describe-definition.ts';
import { percent } from '../../domain/format-numbers.ts';
import { type SharedView, type ViewUse } from '../../store/registry/shared-views.ts';
import { minute } from './format.ts';
import { type Output } from './output.ts';
import { type Difference, formatValue } from '../../domain/model/differences.ts';

/** A described definition with its version, as `features describe --json` prints it. */
export interface DescribedVersion extends DescribedDefinition {
  readonly model: string;
  readonly definitionVersion: number;
  readonly appliedBy: string;
  readonly appliedAt: Date;
  readonly sharedViews: readonly SharedView[];
}

/** Prints a definition. */
export function printDefinition(output: Output, described: DescribedVersion): void {
  const { model, definitionVersion, appliedBy, appliedAt, entity, rows, views, derived, label, holdout } =
    described;
  output.heading(`${model}, definition ${definitionVersion}`);
  output.line(`applied by ${appliedBy} at ${minute(appliedAt)} UTC`);
  output.line(
    `one row per ${entity.name} (${entity.keys.join(', ')}) and ${rows.timestamp} of ${rows.table}`,
  );
  const known = label.known === undefined ? '' : `, known at ${label.known}`;
  output.line(
    `label: ${label.table}.${label.column}, positive if it is ${JSON.stringify(label.positive)}, expected ${label.delay} after ${label.timestamp}${known}`,
  );
  const cluster = (holdout.cluster ?? entity.keys).join(', ');
  output.line(`holdout: ${percent(holdout.share)} of the clusters by ${cluster}`);
  for (const view of views) printView(output, view, described.sharedViews);
  if (derived.length === 0) return;
  output.line();
  output.heading('derived columns');
  output.table({
    head: ['column', 'type', 'formula', 'contract', 'drift'],
    rows: derived.map((column) => [column.name, typeOf(column), column.formula, ...contractAndDrift(column)]),
  });
}

function printView(output: Output, view: DescribedView, shared: readonly SharedView[]): void {
  output.line();
  output.heading(view.name === undefined ? `view of ${view.table}` : `view ${view.name} of ${view.table}`);
  output.line(describeTimes(view));
  const renamed = Object.entries(view.keys).map(([key, column]) =>
    key === column ? key : `${key} in ${column}`,
  );
  output.line(`keyed by ${renamed.join(', ')}`);
  if (view.freshness)
    output.line(`newest row must be within ${view.freshness.within}, otherwise ${view.freshness.severity}`);
  for (const each of shared.filter(({ view: name }) => name === view.name))
    sharedViewLines(each).forEach((line) => output.line(line));
  output.table({
    head: ['column', 'type', 'contract', 'drift'],
    rows: view.columns.map((column) => [column.name, typeOf(column), ...contractAndDrift(column)]),
  });
}

function describeTimes({
  timestamp,
  known,
  lag,
  knownSince,
  ttl,
  maxAge,
  pastMaxAge,
}: DescribedView): string {
  const parts = [
    `valid from ${timestamp}`,
    ...(ttl === undefined ? ['without end'] : [`for ${ttl}`]),
    ...(known === undefined ? [] : [`known at ${known}, at most ${lag} later`]),
    ...(knownSince === undefined ? [] : [`before ${knownSince} known at its own timestamp`]),
    ...(maxAge === undefined ? [] : [`online up to an age of ${maxAge}, then ${pastMaxAge}`]),
  ];
  return parts.join(', ');
}

const typeOf = ({ type, isFeature }: DescribedColumn): string => (isFeature ? type : `${type}, input only`);

const contractAndDrift = ({ contract, drift }: DescribedColumn): [string, string] => [
  contract.join(', '),
  drift.join(', '),
];

const MAX_DIFFERENCES = 5;

/**
 * Lines that name the models that share a view, and those that declare a different view of the same name. No line if no
 * other model has a view of this name.
 *
 * @example sharedViewLines(shared) // ['view usage is shared with upsell']
 */
export function sharedViewLines({ view, uses }: SharedView): string[] {
  const sharing = uses.filter(({ differences }) => differences.length === 0).map(({ model }) => model);
  const differing = uses.filter(({ differences }) => differences.length > 0);
  return [
    ...(sharing.length > 0 ? [`view ${view} is shared with ${sharing.join(', ')}`] : []),
    ...differing.map((use) => describeUse(view, use)),
  ];
}

function describeUse(view: string, { model, definitionVersion, differences, agreedUntil }: ViewUse): string {
  const more =
    differences.length > MAX_DIFFERENCES ? ` and ${differences.length - MAX_DIFFERENCES} more` : '';
  const fields = differences.slice(0, MAX_DIFFERENCES).map(describeField).join(', ');
  const moved =
    agreedUntil === null
      ? `${model} keeps its own declaration until it is applied again`
      : `both were the same up to definition ${agreedUntil} of ${model}, so the declaration here may be outdated`;
  return `warning: ${model} (definition ${definitionVersion}) declares view ${view} differently: ${fields}${more}; ${moved}`;
}

const describeField = ({ at, before, now }: Difference): string =>
  `${at} is ${formatValue(before)} there and ${formatValue(now)} here`;
