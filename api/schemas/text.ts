// Texts that may come in a request and end in the database.
import { z } from 'zod';

// Postgres stores neither NUL nor half a surrogate pair; in a batch such a text would fail its neighbours too.
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** Whether Postgres can store the text. @example isStorable('a\0b') // false */
export const isStorable = (text: string): boolean => !UNSTORABLE.test(text);

/** A text of at most `longest` characters that Postgres can store. */
export const storableText = (longest: number) =>
  z.string().max(longest).refine(isStorable, 'must not hold NUL or half a surrogate pair');
