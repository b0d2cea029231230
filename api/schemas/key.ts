// Keys of entities, as requests send them and answers give them back.
import { z } from 'zod';
import { storableText } from './text.ts';

/** How many columns may name an entity: as many as an index of Postgres can hold. */
export const MAX_KEY_COLUMNS = 32;

/** One value of a key: it comes back as it was sent. */
export const keyValue = z.union([storableText(500), z.int()], { error: 'must be a text or a whole number' });

/** A value of a key as a request sends it. */
export type KeyValue = z.output<typeof keyValue>;

/** A value of a key in an answer. */
export const keyValueAnswer = z.union([z.string(), z.int()]);
