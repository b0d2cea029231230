// Compares two tables without a model, with the same rules by which a monitor compares a window with its reference.
import { type FeatureColumn, type Frame, MISSING_CODE, NO_LABEL } from '../../data/frame.ts';
import { type DriftPolicy } from '../drift-policy.ts';
import { judgeByEvidently } from '../evidently/judge-samples.ts';
import { type PandasType } from '../evidently/sample.ts';
import { type FeatureReference, freezeReference } from '../../data/profile/feature-reference.ts';
import { domainClassifier } from '../multivariate/domain-classifier.ts';
import { sampleEntities, type SideRows } from '../multivariate/pooled-rows.ts';
import { type DriftVerdict, judgeWindow } from '../verdict.ts';
import { profileWindow } from '../../data/profile/window-profile.ts';

/** One of the two tables. */
export interface ComparedTable {
  readonly rows: number;
  readonly features: readonly FeatureColumn[];
  /** Columns without a single value, whose kind is therefore unknown. */
  readonly empty: readonly string[];
  readonly types: Readonly<Record<string, PandasType>>;
  /** The entity of each row. @default each row is an entity of its own */
  readonly entities?: readonly string[] | undefined;
}

/** Options of the comparison. */
export interface CompareOptions {
  readonly policy: DriftPolicy;
  /** Rows per side for the domain classifier over all columns together; null to skip it. */
  readonly multivariate: { readonly rows: number; readonly seed: number } | null;
  /** Columns that the user declared numeric; only Evidently's rules use this. @default none */
  readonly namedNumeric?: readonly string[];
}

/**
 * Evaluates the current table against the reference. Drift and "not measurable" mean the same as for a model's windows.
 *
 * @example compareTables(reference, current, { policy: { share: 0.3 }, multivariate: null }).driftedColumns
 */
export function compareTables(
  reference: ComparedTable,
  current: ComparedTable,
  { policy, multivariate, namedNumeric }: CompareOptions,
): DriftVerdict {
  const [before, after] = [withKindsOf(reference, current), withKindsOf(current, reference)];
  if (policy.preset === 'evidently') {
    const types = { ...before.types, ...after.types };
    return judgeByEvidently({ reference: before, window: after, types, namedNumeric }, policy);
  }
  const frozen = referenceOfTable(before);
  const together =
    multivariate &&
    domainClassifier(sampleOf(before, multivariate), sampleOf(after, multivariate), multivariate);
  return judgeWindow(frozen, profileWindow(frozen, frameOf(after)), policy, [], together);
}

/** Freezes a table as the reference for later rows. @example judgeWindow(referenceOfTable(table), profile, policy) */
export const referenceOfTable = (table: ComparedTable): FeatureReference => freezeReference(frameOf(table));

/** Gives each column without a value the kind of the other table's column, so that no change of type is reported. */
function withKindsOf(table: ComparedTable, other: ComparedTable): ComparedTable {
  const features = table.features.map((column): FeatureColumn => {
    const kind = other.features.find(({ name }) => name === column.name)?.kind;
    if (!table.empty.includes(column.name) || kind === undefined || kind === column.kind) return column;
    const { name } = column;
    return kind === 'numeric'
      ? { kind, name, values: new Float64Array(table.rows).fill(NaN) }
      : { kind, name, codes: new Uint32Array(table.rows).fill(MISSING_CODE), dictionary: [] };
  });
  return { ...table, features };
}

const frameOf = ({ rows, features }: ComparedTable): Frame => ({
  rows,
  features,
  labels: new Uint8Array(rows).fill(NO_LABEL),
  holdout: new Uint8Array(rows),
  clusters: new Uint32Array(rows),
  times: new BigInt64Array(rows),
});

function sampleOf(
  { rows, features, entities }: ComparedTable,
  options: { readonly rows: number; readonly seed: number },
): SideRows {
  const keys = entities ?? Array.from({ length: rows }, (_, row) => String(row));
  const chosen = sampleEntities(keys, options);
  return {
    rows: chosen.length,
    features: features.map((column) => rowsOf(column, chosen)),
    ...(entities && { entities: Array.from(chosen, (row) => entities[row] as string) }),
  };
}

const rowsOf = (column: FeatureColumn, rows: Uint32Array): FeatureColumn =>
  column.kind === 'numeric'
    ? { ...column, values: Float64Array.from(rows, (row) => column.values[row] as number) }
    : { ...column, codes: Uint32Array.from(rows, (row) => column.codes[row] as number) };
