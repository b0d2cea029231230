// Regular expressions with an end: a pattern that runs away is stopped, and the worker goes on.
import { createContext, Script } from 'node:vm';
import { type MatchTexts } from '../domain/model/parts/contract.ts';
import { wholeValue } from '../domain/model/parts/regex.ts';

/** All patterns of a window together; meanwhile the worker's thread does nothing else. */
const BUDGET_MS = 1_000;

const script = new Script(
  '{ const whole = new RegExp(pattern, "u"); values.map((value) => whole.test(value)); }',
);

/**
 * A matcher whose patterns share a budget of time. V8 looks at the clock inside of a match, so one that backtracks for
 * ever is stopped as well; what comes after the budget is spent is not tried.
 *
 * @example new ContractCheck(definition, columns, matchInTime())
 */
export function matchInTime(budgetMs = BUDGET_MS): MatchTexts {
  let left = budgetMs;
  return (pattern, values) => {
    if (left < 1) return 'takes too long';
    const began = performance.now();
    try {
      const context = createContext({ pattern: wholeValue(pattern), values });
      return script.runInContext(context, { timeout: Math.ceil(left) }) as boolean[];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'takes too long';
      throw error;
    } finally {
      left -= performance.now() - began;
    }
  };
}
