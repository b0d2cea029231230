// Contracts: whether the values of a window are what the definition declares.
import { type FeatureSpec } from './column.ts';
import { featuresOf } from './define-model.ts';
import { type ModelDefinition } from './definition.ts';
import { type FeatureColumn, type Frame, MISSING_CODE } from './frame.ts';

/** What a contract found in one column. */
export interface ContractResult {
  readonly column: string;
  readonly rows: number;
  readonly missing: number;
  /** Values that break the contract. */
  readonly violations: number;
  readonly words: string;
}

/** Checks each column of a frame against its declaration. Missing values break no contract; they are counted. */
export function checkContracts(definition: ModelDefinition, frame: Frame): ContractResult[] {
  const specs = new Map(featuresOf(definition).map(({ name, spec }) => [name, spec]));
  return frame.features.map((column) => {
    const spec = specs.get(column.name);
    const { missing, violations } = countViolations(column, spec);
    return {
      column: column.name,
      rows: frame.rows,
      missing,
      violations,
      words:
        violations === 0 ? 'as declared' : `${violations} of ${frame.rows} rows are not ${inWords(spec)}`,
    };
  });
}

function countViolations(
  column: FeatureColumn,
  spec: FeatureSpec | undefined,
): { missing: number; violations: number } {
  let missing = 0;
  let violations = 0;
  if (column.kind === 'numeric') {
    const breaks = numericRule(spec);
    for (const value of column.values) {
      if (Number.isNaN(value)) missing += 1;
      else if (breaks(value)) violations += 1;
    }
    return { missing, violations };
  }
  const allowed = spec?.type === 'category' && spec.values ? new Set(spec.values) : undefined;
  const isForeign = column.dictionary.map((value) => allowed !== undefined && !allowed.has(value));
  for (const code of column.codes) {
    if (code === MISSING_CODE) missing += 1;
    else if (isForeign[code]) violations += 1;
  }
  return { missing, violations };
}

function numericRule(spec: FeatureSpec | undefined): (value: number) => boolean {
  if (spec?.type === 'count') return (value) => !Number.isInteger(value) || value < 0;
  const { min = -Infinity, max = Infinity } = spec?.type === 'numeric' ? spec : {};
  return (value) => !Number.isFinite(value) || value < min || value > max;
}

function inWords(spec: FeatureSpec | undefined): string {
  if (spec?.type === 'count') return 'whole numbers from 0';
  if (spec?.type === 'category' && spec.values) return `one of ${spec.values.join(', ')}`;
  if (spec?.type === 'numeric') return `finite numbers from ${spec.min ?? '−∞'} to ${spec.max ?? '∞'}`;
  return 'as declared';
}
