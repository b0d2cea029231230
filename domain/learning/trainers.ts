// Every trainer, by name.
import { TidegateError } from '../errors.ts';
import { baseline } from './baseline.ts';
import { logisticRegression } from './logistic-regression.ts';
import { type Trainer } from './trainer.ts';

/** All trainers; a new one is added here by hand. @example trainers.map(({ name }) => name) */
export const trainers: readonly Trainer[] = [logisticRegression, baseline];

/**
 * The trainer of a name.
 *
 * @throws TidegateError INVALID_DEFINITION where there is none
 * @example trainerNamed('logistic-regression').fit({ frame, rows, options: { seed: 7 } })
 */
export function trainerNamed(name: string): Trainer {
  const trainer = trainers.find((candidate) => candidate.name === name);
  if (trainer) return trainer;
  const known = trainers.map((candidate) => candidate.name).join(', ');
  throw new TidegateError('INVALID_DEFINITION', `no trainer is named "${name}"; there are ${known}`);
}
