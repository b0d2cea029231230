// The freshness contract: how old the newest row of a view's table may be at the end of a window.
import { type ViewDefinition } from '../definition.ts';
import { before, durationOf } from '../duration.ts';
import { type ContractResult } from './contract.ts';

/**
 * The newest row known by the end of the window is at most `freshness.within` old then, inclusive.
 *
 * @param newest its timestamp; null where the table holds none up to the end of the window
 * @param end the end of the window, which is included in it
 * @returns nothing where the view states no freshness
 */
export function checkFreshness(
  view: ViewDefinition,
  newest: Date | null,
  end: Date,
): ContractResult | undefined {
  const { table, timestamp, freshness } = view;
  if (!freshness) return undefined;
  const { within, severity } = freshness;
  const held = newest !== null && newest >= before(end, durationOf(within));
  const age = `at most ${within} before ${end.toISOString()}`;
  return {
    kind: 'freshness',
    column: null,
    table,
    severity,
    held,
    rows: 1,
    violations: held ? 0 : 1,
    share: held ? 0 : 1,
    bound: 0,
    examples: [],
    violation: null,
    words:
      newest === null
        ? `${table} has no row by the end of the window; its newest ${timestamp} should be ${age}`
        : `the newest ${timestamp} is ${newest.toISOString()}, ${held ? '' : 'and should be '}${age}`,
  };
}
