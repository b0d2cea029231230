// How old the values of a view may be when they are asked for online.
import { type ModelDefinition, sourceColumnsOf } from './definition.ts';
import { before, type Duration, durationOf } from './parts/duration.ts';

/** The limit of one view. */
export interface AgeLimit {
  /** Position of the view in the definition. */
  readonly view: number;
  /** Its name, or that of its table. */
  readonly name: string;
  readonly maxAge: Duration;
  /** What is done with an older value: it counts as missing, the request is refused, or it is used and told of. */
  readonly then: 'null' | 'error' | 'warn';
  /** The columns that are read from it. */
  readonly columns: readonly string[];
}

/** A view whose value is older than its limit. */
export interface PastMaxAge {
  readonly limit: AgeLimit;
  /** Timestamp of the value. */
  readonly timestamp: Date;
}

/** The name by which people know a view. */
export const viewName = ({ name, table }: ModelDefinition['features'][number]): string => name ?? table;

/** The limits of a definition; views without `maxAge` have none. */
export function ageLimitsOf(definition: ModelDefinition): AgeLimit[] {
  const columns = sourceColumnsOf(definition);
  return definition.features.flatMap((view, index) =>
    view.maxAge === undefined
      ? []
      : [
          {
            view: index,
            name: viewName(view),
            maxAge: durationOf(view.maxAge),
            then: view.pastMaxAge,
            columns: columns.filter((column) => column.view === index).map(({ name }) => name),
          },
        ],
  );
}

/**
 * The views whose values are too old at `now`: older than `maxAge`, which itself is not. A view without a value is not
 * among them.
 *
 * @param viewTimes for each view of the definition the timestamp of its value, in microseconds since 1970 UTC
 * @example pastMaxAge(ageLimitsOf(definition), row.viewTimes, now)
 */
export function pastMaxAge(
  limits: readonly AgeLimit[],
  viewTimes: readonly (number | null)[],
  now: Date,
): PastMaxAge[] {
  return limits.flatMap((limit) => {
    const micros = viewTimes[limit.view] ?? null;
    if (micros === null || micros >= 1_000 * before(now, limit.maxAge).getTime()) return [];
    return [{ limit, timestamp: new Date(Math.floor(micros / 1_000)) }];
  });
}
