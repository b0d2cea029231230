// What a definition says of a fit, as a trainer takes it.
import { type ModelDefinition } from '../../domain/features/definition.ts';
import { type TrainingOptions } from '../../domain/learning/trainer.ts';

/** The options of a definition's own recipe. @example trainingOptions(definition.training) */
export const trainingOptions = ({
  seed,
  l2,
  solver,
  classWeight,
}: ModelDefinition['training']): TrainingOptions => ({
  seed,
  l2,
  solver,
  ...(classWeight !== undefined && { classWeight }),
});
