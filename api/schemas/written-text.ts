// Texts that people send with a change: a reason, a name, a tag.
import { z } from 'zod';
import { MAX_NAME, MAX_TEXT, nameProblem, textProblem } from '../../domain/decisions/written-text.ts';
import {
  aliasProblem,
  factTextProblem,
  MAX_KEY,
  MAX_VALUE,
  tagKeyProblem,
} from '../../domain/registry/facts.ts';

/** Turns a check of a text into a Zod refinement. Its message does not name the field, because the request's error does. */
const refusing =
  (problemOf: (text: string) => string | undefined) =>
  (text: string, context: z.RefinementCtx): void => {
    const message = problemOf(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message: message.trim() });
  };

/** A reason or a comment, which may be blank; may contain line breaks. */
export const reasonText = z
  .string()
  .max(MAX_TEXT)
  .superRefine(refusing((text) => textProblem('', text)));

/** A reason that has to be given. */
export const givenReason = reasonText.refine((text) => text.trim() !== '', 'must not be blank');

/** The name of a person: one printable line. */
export const personName = z
  .string()
  .max(MAX_NAME)
  .superRefine(refusing((text) => nameProblem('', text)));

/** Who asks, for installations that do not authenticate their callers. */
export const requestedBy = personName
  .optional()
  .describe('Who asks; counts only if TIDEGATE_AUTH is off, because otherwise the key says who it is');

/** The key of a tag. */
export const tagKey = z.string().max(MAX_KEY).superRefine(refusing(tagKeyProblem));

/** The value of a tag, a description or a comment. */
export const factText = z.string().max(MAX_VALUE).superRefine(refusing(factTextProblem));

/** A name that points to a version. */
export const aliasName = z.string().max(MAX_KEY).superRefine(refusing(aliasProblem));
