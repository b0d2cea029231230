// Schemas of the values that occur in every part of a report.
import { z } from 'zod';

/** A whole number from 0. */
export const count = z.int().min(0);

/** A share, from 0 to 1. */
export const share = z.number().min(0).max(1);

/** An instant, ISO 8601 in UTC. */
export const instant = z.iso.datetime({ offset: true });

/** A value with the bounds of its 95 % interval. */
export const interval = z.looseObject({ value: z.number(), low: z.number(), high: z.number() });

/** Why a judgement that was due could not be made. */
export const failed = z
  .looseObject({ code: z.string().nullable(), reason: z.string() })
  .exactOptional()
  .describe('Set if the judgement was due but could not be made');

/** A part of a report that could not be measured, and why. */
export const unmeasured = z.looseObject({ measured: z.literal(false), reason: z.string(), failed });
