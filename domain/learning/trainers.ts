// Every trainer, by name.
import { TidegateError } from '../errors.ts';
import { logisticRegression } from './logistic-regression.ts';
import { type Trainer } from './trainer.ts';

/** All trainers; a new one is added here and to the definition's schema. */
export const trainers: readonly Trainer[] = [logisticRegression];

/** @throws TidegateError INVALID_DEFINITION for a name that is none */
export function trainerNamed(name: string): Trainer {
  const trainer = trainers.find((candidate) => candidate.name === name);
  if (!trainer) {
    const names = trainers.map((known) => known.name).join(', ');
    throw new TidegateError('INVALID_DEFINITION', `there is no trainer "${name}"; there are ${names}`);
  }
  return trainer;
}
