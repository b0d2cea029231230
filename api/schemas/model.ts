// How routes name a model and show instants.
import { z } from 'zod';
import { storableText } from './text.ts';

/** Path of a route that speaks of one model. */
export const modelParams = z.strictObject({ model: storableText(200).describe('Name of the model') });

/** An instant, ISO 8601 in UTC. */
export const instant = z.iso.datetime();

/** Where a version stands. */
export const stage = z.enum(['None', 'Staging', 'Production', 'Archived']);
