// What a contract found, for people.
import { type ContractKind } from './contract.ts';

/** The numbers of a contract, and what is wrong with a violation. */
export interface ViolationFacts {
  readonly kind: ContractKind;
  readonly rows: number;
  readonly violations: number;
  readonly bound: number;
  readonly wrong: string;
}

/** A number of rows as people read it. @example grouped(7043) // '7,043' */
export const grouped = (count: number): string => count.toLocaleString('en-US');

/** A share in per cent, to three digits. @example percent(0.0017) // '0.17 %' */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;

/**
 * The contract in one line.
 *
 * @example '12 of 7,043 values (0.17 %) are not whole numbers; at most 0.1 % may be'
 */
export function violationsInWords({ kind, rows, violations, bound, wrong }: ViolationFacts): string {
  const things = kind === 'null-share' ? 'rows' : 'values';
  if (violations === 0) return `none of ${grouped(rows)} ${things} ${wrong}`;
  const allowed = bound === 0 ? 'none may' : `at most ${percent(bound)} may`;
  return `${grouped(violations)} of ${grouped(rows)} ${things} (${percent(violations / rows)}) ${wrong}; ${allowed}`;
}
