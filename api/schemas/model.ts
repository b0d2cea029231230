// How routes name a model and show instants.
import { z } from 'zod';
import { storableText } from './text.ts';

/** Path of a route that speaks of one model. */
export const modelParams = z.strictObject({ model: storableText(200).describe('Name of the model') });

/** An instant, ISO 8601 in UTC. */
export const instant = z.iso.datetime();

/** Where a version stands. */
export const stage = z.enum(['None', 'Staging', 'Production', 'Archived']);

/** A whole number from 1 in a path or a query, in digits. */
export const wholeNumber = (most: number) =>
  z.preprocess(
    // `Number` alone would read 0x10, 1e2, blanks and a list of one as numbers too.
    (text) => (typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : text),
    z.int(`must be a whole number from 1 to ${most}`).min(1).max(most),
  );
