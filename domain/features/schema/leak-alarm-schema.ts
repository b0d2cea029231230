// What becomes of a retrain whose features seem to know the label.
import { z } from 'zod';
import { column } from './words.ts';

const then = z.enum(['refuse', 'warn']);

/** The leak alarm of a definition: what it does, or that with its bound and its exceptions. */
export const leakAlarmSchema = z.union([
  then,
  z.strictObject({
    /** Refuses the retrain, or tells of it with the version. */
    then: then.optional(),
    /** One feature alone whose AUC is surely above this is an alarm. */
    auc: z.number().gt(0.5).max(1).optional(),
    /** Features that are right as they are, however well they predict. */
    allow: z.array(column).max(1_000).readonly().optional(),
  }),
]);

/** What a definition says of the leak alarm. */
export type LeakAlarmInput = z.output<typeof leakAlarmSchema>;
