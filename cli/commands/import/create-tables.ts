// Shows the tables that an import would create, and asks for confirmation.
import { createInterface } from 'node:readline/promises';
import { TidegateError } from '../../../domain/errors.ts';
import { type PlannedTable } from '../../../store/import/plan-tables.ts';
import { type Output } from '../../output/output.ts';

/** How to ask. */
export interface Asking {
  /** Creates the tables without asking. */
  readonly isAgreed: boolean;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly screen: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Cancels the question when aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Writes the statements to standard error and asks on the terminal.
 *
 * @throws TidegateError CREATE_NOT_CONFIRMED if the answer is not yes, or there is no terminal to ask on
 * @throws the signal's reason when aborted
 */
export async function confirmTables(
  plans: readonly PlannedTable[],
  output: Output,
  { isAgreed, input, screen, signal }: Asking,
): Promise<void> {
  if (plans.length === 0) return;
  for (const { statement, notes } of plans) {
    output.progress(`${statement};`);
    for (const note of notes) output.progress(`note: ${note}`);
  }
  if (isAgreed) return;
  const tables = plans.map(({ table }) => table).join(', ');
  if (!input.isTTY || !screen.isTTY)
    throw new TidegateError('CREATE_NOT_CONFIRMED', `${tables} not created: there is no terminal to ask on`);
  const answer = await answerTo(`Create ${tables} and load the rows? [y/N] `, input, screen, signal);
  signal?.throwIfAborted();
  if (!/^y(es)?$/i.test(answer))
    throw new TidegateError('CREATE_NOT_CONFIRMED', `${tables} not created: the answer was not yes`);
}

async function answerTo(
  question: string,
  input: NodeJS.ReadableStream,
  screen: NodeJS.WritableStream,
  signal: AbortSignal | undefined,
): Promise<string> {
  const lines = createInterface({ input, output: screen });
  const close = (): void => lines.close();
  signal?.addEventListener('abort', close);
  try {
    // The end of the input and Ctrl-C close the interface; `question` would then never resolve.
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return (await Promise.race([lines.question(question), closed])).trim();
  } finally {
    signal?.removeEventListener('abort', close);
    lines.close();
  }
}
