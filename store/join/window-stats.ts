// Computes statistics of a window's features while its rows stream through, without freezing or keeping them.
import type pg from 'pg';
import { featuresOf, holdoutPolicy, sourceColumnsOf } from '../../domain/model/define-model.ts';
import { isNumeric } from '../../domain/model/parts/column.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { type Value } from '../../domain/model/derived/operator.ts';
import { rowDeriver } from '../../domain/model/derivation.ts';
import { NumericSummariser, type NumericSummary } from '../../domain/data/stats/numeric-summary.ts';
import { TextSummariser, type TextSummary } from '../../domain/data/stats/text-summary.ts';
import { type Window } from '../../domain/model/window.ts';
import { type Database } from '../postgres/database.ts';
import { asText, inSnapshot, labelsKnownBy } from '../postgres/snapshot.ts';
import { chooseJoinPlan } from './choose-join-plan.ts';
import { joinedValues } from './select-list.ts';
import { windowSql } from './window-sql.ts';

/** A feature with statistics of its values. */
export type FeatureStats =
  | ({ readonly name: string; readonly kind: 'numeric' } & NumericSummary)
  | ({ readonly name: string; readonly kind: 'category' } & TextSummary);

/** Statistics of the features of a window. */
export interface WindowStats {
  readonly rows: number;
  /** In the order of `featuresOf`. */
  readonly features: readonly FeatureStats[];
}

/** Maximum number of fields, and of rows, of one fetch. */
const FETCH_FIELDS = 200_000;
const FETCH_ROWS = 8_192;
/** Number of fields of a joined row before its source columns. */
const FIXED_FIELDS = 5;

/** Options of {@link windowStats}. */
export interface StatsOptions {
  /** Called after each fetch with the number of rows so far. */
  readonly onProgress?: (rows: number) => void;
  /** Cancels the running statement. */
  readonly signal?: AbortSignal;
}

/**
 * Joins the rows of a window, as freezing does, and computes statistics of each feature.
 *
 * @example await windowStats(database, definition, windowEndingAt(asOf, definition.monitor.window, definition.monitor))
 */
export async function windowStats(
  database: Database,
  definition: ModelDefinition,
  { from, to }: Window,
  { onProgress, signal }: StatsOptions = {},
): Promise<WindowStats> {
  const asKnownAt = await labelsKnownBy(database.pool);
  const sources = sourceColumnsOf(definition).length;
  const fetchRows = Math.max(1, Math.min(FETCH_ROWS, Math.floor(FETCH_FIELDS / sources)));
  const summary = new WindowSummariser(definition, fetchRows);
  const work = async (client: pg.Client): Promise<void> => {
    const plan = await chooseJoinPlan(client, definition);
    await client.query(
      `declare window_stats no scroll cursor for ${windowSql(definition, holdoutPolicy(definition), plan)}`,
      [from.toISOString(), to.toISOString(), asKnownAt],
    );
    for (;;) {
      signal?.throwIfAborted();
      const { rows } = await client.query<(string | null)[]>({
        text: `fetch ${fetchRows} from window_stats`,
        rowMode: 'array',
        types: asText,
      });
      summary.add(rows);
      onProgress?.(summary.rows);
      if (rows.length < fetchRows) break;
    }
  };
  await inSnapshot(database, work, signal);
  return { rows: summary.rows, features: summary.stats() };
}

interface SummarisedFeature {
  readonly name: string;
  /** Its position in a row. */
  readonly place: number;
  readonly numbers?: NumericSummariser;
  readonly texts?: TextSummariser;
}

/** Computes derived columns of joined rows and summarizes all features. */
class WindowSummariser {
  rows = 0;
  readonly #features: readonly SummarisedFeature[];
  readonly #read: (fields: readonly (string | null)[]) => Value[];
  readonly #derive: (row: Value[], rowTimeMicros: number) => void;
  readonly #sources: number;
  readonly #numbers: Float64Array;

  constructor(definition: ModelDefinition, maxRows: number) {
    const { columns, sources, derive } = rowDeriver(definition);
    this.#read = joinedValues(definition);
    this.#derive = derive;
    this.#sources = sources;
    this.#numbers = new Float64Array(maxRows);
    this.#features = featuresOf(definition).map(({ name, spec }) => ({
      name,
      place: columns.indexOf(name),
      ...(isNumeric(spec) ? { numbers: new NumericSummariser() } : { texts: new TextSummariser() }),
    }));
  }

  add(joined: readonly (readonly (string | null)[])[]): void {
    const rows = joined.map((fields) => {
      const row = this.#read(fields.slice(FIXED_FIELDS, FIXED_FIELDS + this.#sources));
      this.#derive(row, Number(fields[2]));
      return row;
    });
    for (const { place, numbers, texts } of this.#features) {
      if (numbers) {
        rows.forEach((row, at) => (this.#numbers[at] = (row[place] as number | null) ?? NaN));
        numbers.add(this.#numbers.subarray(0, rows.length));
      }
      if (texts) for (const row of rows) texts.add(row[place] as string | null);
    }
    this.rows += rows.length;
  }

  stats(): FeatureStats[] {
    return this.#features.map(({ name, numbers, texts }) =>
      numbers
        ? { name, kind: 'numeric', ...numbers.summary() }
        : { name, kind: 'category', ...(texts ?? new TextSummariser()).summary() },
    );
  }
}
