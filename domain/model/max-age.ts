// How old the values of a view may be when they are looked up online.
import { type ModelDefinition, sourceColumnsOf } from './definition.ts';
import { before, type Duration, durationOf } from './parts/duration.ts';

/** The age limit of one view. */
export interface AgeLimit {
  /** Position of the view in the definition. */
  readonly view: number;
  /** Name of the view, or of its table if the view has no name. */
  readonly name: string;
  readonly maxAge: Duration;
  /**
   * What happens to a value older than `maxAge`: it counts as missing, the request is refused, or it is used with a
   * warning.
   */
  readonly then: 'null' | 'error' | 'warn';
  /** The columns that are read from the view. */
  readonly columns: readonly string[];
}

/** A view whose value is older than its limit. */
export interface PastMaxAge {
  readonly limit: AgeLimit;
  /** Timestamp of the value. */
  readonly timestamp: Date;
}

/** Returns the name of a view for messages: its own name, or the name of its table if it has none. */
export const viewName = ({ name, table }: ModelDefinition['features'][number]): string => name ?? table;

/** Returns the age limits of a definition; views without `maxAge` have none. */
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
 * Returns the views whose values are older than `maxAge` at `now`; exactly `maxAge` is not too old. Views without a
 * value are not included.
 *
 * @param viewTimes for each view of the definition, the timestamp of its value in microseconds since 1970 UTC, or null
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
