// The schema of `promotion.watch`: how a version is watched after its promotion.
import { z } from 'zod';
import { share, span } from '../parts/schema-parts.ts';
import { parseDuration, toMilliseconds } from '../parts/duration.ts';

/** The longest watch; what it measures is kept for somewhat longer. */
const MAX_WATCH_MS = 31 * 86_400_000;

/** Schema of `promotion.watch`. */
export const watchSchema = z.union([
  z.literal('off'),
  z.strictObject({
    /** How long the version is watched: at most 31 days. */
    for: span
      .refine((text) => {
        const duration = parseDuration(text);
        return !duration || toMilliseconds(duration) <= MAX_WATCH_MS;
      }, 'must be at most 31 days')
      .default('1 day'),
    /** Minimum number of requests from which errors, latency and scores are judged. */
    minRequests: z.int().min(1).default(100),
    /** Largest share of requests that may fail because of the server (5xx). */
    maxErrorRate: share.default(0.01),
    /** Largest latency of 99 % of the requests, in milliseconds, measured in the API and known to within 10 %. */
    maxLatencyMs: z.number().gt(0).default(1_000),
    /**
     * Largest distance of the scores from the score reference of the version, as a Wasserstein distance in standard
     * deviations. A change also has to be significant.
     */
    maxScoreShift: z.number().gt(0).default(0.25),
    /**
     * What happens on a breach: `alert` sends a notification; `roll back` also puts the version back that was replaced.
     * Performance below the promised interval is a breach too, once labels have arrived.
     */
    onBreach: z.enum(['alert', 'roll back']).default('alert'),
  }),
]);
