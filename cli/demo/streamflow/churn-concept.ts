// Why subscribers leave: one set of reasons in month 0, another in month 1.
import { type Month } from './month.ts';
import { type Subscriber } from './subscriber.ts';

/** What of a month can make somebody leave. */
export interface Reasons {
  readonly monthsActive: number;
  readonly rebufferEvents7d: number;
  readonly failedPayments90d: number;
  readonly supportTickets90d: number;
}

/**
 * The probability that a subscriber leaves: 1 / (1 + e^-z).
 *
 * In month 0 z is about money and commitment; people who are new, pay much and are bound by nothing leave. By month 1
 * the video keeps stopping, and z is about that, about payments that fail and about asking for help; what counted
 * before hardly matters.
 */
export function churns(subscriber: Subscriber, reasons: Reasons, month: Month): number {
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
