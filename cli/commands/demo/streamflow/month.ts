// The data of a StreamFlow subscriber at the end of a month, and whether they leave.
import { Random } from '../../../../domain/random.ts';
import { type Subscriber, within } from './subscriber.ts';

/** The first version is trained on month 0. In month 1, subscribers leave for other reasons. */
export type Month = 0 | 1;

/** The values of one month; `subscriber` has those that do not change. */
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

/** Mean number of times a week that playback stops to load, by month. Only this feature drifts. */
const REBUFFERING: Readonly<Record<Month, number>> = { 0: 2.3, 1: 2.85 };

/**
 * A subscriber's values at the end of a month. Each depends on the subscriber's taste, and counts over 90 days share two of
 * their three months with the month before. So the values of a subscriber change, but their distribution does not.
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

/** Draws the value of a month from a standard normal distribution. Two months of a subscriber have a correlation of 0.8. */
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

/** Values of a month that influence whether a subscriber leaves. */
interface Reasons {
  readonly monthsActive: number;
  readonly rebufferEvents7d: number;
  readonly failedPayments90d: number;
  readonly supportTickets90d: number;
}

/**
 * The probability that a subscriber leaves: 1 / (1 + e^-z).
 *
 * In month 0, z depends on price and commitment: new subscribers with a high fee and no contract leave. In month 1 the video
 * keeps stopping, and z depends on rebuffering, failed payments and support tickets; price and commitment hardly matter.
 */
function churns(subscriber: Subscriber, reasons: Reasons, month: Month): number {
  const z = month === 0 ? commitment(subscriber, reasons) : quality(subscriber, reasons);
  return 1 / (1 + Math.exp(-z));
}

function commitment(
  { contract, monthlyFee, netService, paperless }: Subscriber,
  { monthsActive }: Reasons,
): number {
  const bound = { 'Month-to-month': 0, 'One year': 0.6, 'Two year': 1.2 }[contract];
  const fiber = netService === 'Fiber optic' ? 0.5 : 0;
  return -1.5 + 0.026 * (monthlyFee - 18) - 0.039 * monthsActive - bound + fiber + (paperless ? 0.3 : 0);
}

function quality({ monthlyFee }: Subscriber, reasons: Reasons): number {
  const { monthsActive, rebufferEvents7d, failedPayments90d, supportTickets90d } = reasons;
  const annoyance = 0.45 * rebufferEvents7d + 1 * failedPayments90d + 0.8 * supportTickets90d;
  return -3.05 + annoyance + 0.005 * (monthlyFee - 65) - 0.006 * (monthsActive - 32);
}
