// What a contract found, for people.
import { grouped, percents } from '../../numbers-in-words.ts';
import { type ContractKind } from './contract.ts';

/** The numbers of a contract, and what is wrong with a violation. */
export interface ViolationFacts {
  readonly kind: ContractKind;
  readonly rows: number;
  readonly violations: number;
  readonly bound: number;
  readonly wrong: string;
}

/**
 * The contract in one line.
 *
 * @example '12 of 7,043 values (0.17 %) are not whole numbers; at most 0.1 % may be'
 */
export function violationsInWords({ kind, rows, violations, bound, wrong }: ViolationFacts): string {
  const things = kind === 'null-share' ? 'rows' : 'values';
  if (violations === 0) return `none of ${grouped(rows)} ${things} ${wrong}`;
  const [found = '', most = ''] = percents([violations / rows, ...(bound === 0 ? [] : [bound])]);
  const allowed = bound === 0 ? 'none may' : `at most ${most} may`;
  return `${grouped(violations)} of ${grouped(rows)} ${things} (${found}) ${wrong}; ${allowed}`;
}
