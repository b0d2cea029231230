// What StreamFlow knows about a subscriber at the end of a month.
import { churns } from './churn-concept.ts';
import { Random } from '../../../domain/random.ts';
import { type Subscriber, within } from './subscriber.ts';

/** Month 0 is the world in which the first version is trained, month 1 the one that has changed. */
export type Month = 0 | 1;

/** The values of one month; what does not change is in `subscriber`. */
export interface Snapshot {
  readonly subscriber: Subscriber;
  readonly monthsActive: number;
  readonly totalPaid: number;
  readonly watchHours30d: number;
  readonly avgSessionMins7d: number;
  readonly skips7d: number;
  readonly rebufferEvents7d: number;
  readonly failedPayments90d: number;
  readonly supportTickets90d: number;
  readonly ticketResolutionHours90d: number;
  readonly churned: boolean;
}

/** Mean number of times a week that playback stops to load: the one feature that drifts. */
const REBUFFERING: Readonly<Record<Month, number>> = { 0: 2.3, 1: 2.85 };

/**
 * A subscriber at the end of a month. A month leans on what the subscriber tends to do, and counts over 90 days share
 * two of their three months with the month before, so values move without their distributions moving.
 */
export function snapshotOf(seed: number, index: number, subscriber: Subscriber, month: Month): Snapshot {
  const { taste } = subscriber;
  const random = new Random(seed, index, 0x100 + month);
  const monthsActive = subscriber.tenure + month;
  const features = {
    monthsActive,
    totalPaid: rounded(subscriber.monthlyFee * monthsActive * subscriber.pastFee, 2),
    watchHours30d: rounded(within(1, 29.6 + 6.7 * leaning(taste.watching, random), 60), 2),
    avgSessionMins7d: rounded(within(5, 29.1 + 6 * leaning(taste.sessions, random), 60), 2),
    skips7d: random.poisson(5),
    rebufferEvents7d: random.poisson(REBUFFERING[month]),
    failedPayments90d: threeMonths(seed, index, month, 0x200, 0.17),
    supportTickets90d: threeMonths(seed, index, month, 0x300, 0.32),
    ticketResolutionHours90d: rounded(within(1, 10 + 3.9 * leaning(taste.patience, random), 25), 1),
  };
  return { subscriber, ...features, churned: random.chance(churns(subscriber, features, month)) };
}

/** Normal with mean 0 and deviation 1, correlated 0.8 from month to month. */
const leaning = (taste: number, random: Random): number =>
  Math.sqrt(0.8) * taste + Math.sqrt(0.2) * random.normal();

/** A count over the month and the two before it, with the given mean. */
function threeMonths(seed: number, index: number, month: Month, stream: number, mean: number): number {
  let count = 0;
  for (let at = month; at < month + 3; at += 1)
    count += new Random(seed, index, stream + at).poisson(mean / 3);
  return count;
}

const rounded = (value: number, decimals: number): number => Number(value.toFixed(decimals));
