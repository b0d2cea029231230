// An invented subscriber of StreamFlow: the attributes that stay the same from month to month.
import { Random } from '../../../../domain/random.ts';

type NetService = 'DSL' | 'Fiber optic' | 'No';
type Contract = 'Month-to-month' | 'One year' | 'Two year';

/** A subscriber's attributes, contract and habits. */
export interface Subscriber {
  readonly id: string;
  readonly gender: 'Female' | 'Male';
  readonly senior: boolean;
  readonly family: boolean;
  readonly dependents: boolean;
  readonly netService: NetService;
  /** Whether television is booked; null without an internet line. */
  readonly streamTv: boolean | null;
  readonly streamMovies: boolean | null;
  readonly contract: Contract;
  readonly paperless: boolean;
  /** Dollars a month, in steps of 5 cents. */
  readonly monthlyFee: number;
  /** Mean monthly payment so far, as a multiple of today's fee. */
  readonly pastFee: number;
  /** Full months with the service at the end of month 0, 0 to 72. */
  readonly tenure: number;
  readonly devices: number;
  /** Tendency towards long evenings, long sessions and slow support: each standard normal. */
  readonly taste: { readonly watching: number; readonly sessions: number; readonly patience: number };
}

const LONGEST_TENURE = 72;

/**
 * The subscriber at `index`, from 0. The same seed and index always give the same subscriber.
 *
 * @example subscriberOf(7, 0).id // 'sf-0000001'
 */
export function subscriberOf(seed: number, index: number): Subscriber {
  const random = new Random(seed, index, 0x5eed);
  const family = random.chance(0.48);
  const netService = random.choose<NetService>(['Fiber optic', 0.44], ['DSL', 0.34], ['No', 0.22]);
  const contract = random.choose<Contract>(['Month-to-month', 0.55], ['One year', 0.21], ['Two year', 0.24]);
  const streamTv = netService === 'No' ? null : random.chance(0.49);
  // A subscriber who books television is more likely to book movies too.
  const streamMovies = streamTv === null ? null : random.chance(streamTv ? 0.71 : 0.28);
  return {
    id: `sf-${String(index + 1).padStart(7, '0')}`,
    gender: random.chance(0.5) ? 'Male' : 'Female',
    senior: random.chance(0.16),
    family,
    dependents: random.chance(family ? 0.52 : 0.09),
    netService,
    streamTv,
    streamMovies,
    contract,
    paperless: random.chance(netService === 'Fiber optic' ? 0.74 : 0.48),
    monthlyFee: feeOf(random, netService, Number(streamTv) + Number(streamMovies)),
    pastFee: 1 + 0.02 * random.normal(),
    tenure: tenureOf(random, contract),
    devices: random.choose([1, 1 / 3], [2, 1 / 3], [3, 1 / 3]),
    taste: { watching: random.normal(), sessions: random.normal(), patience: random.normal() },
  };
}

function feeOf(random: Random, netService: NetService, streams: number): number {
  const base = { No: 20.5, DSL: 47, 'Fiber optic': 80 }[netService];
  const extras = netService === 'No' ? 1.5 * random.normal() : 10 * streams + 7 * random.normal();
  return Math.round(20 * within(18.25, base + extras, 118.75)) / 20;
}

function tenureOf(random: Random, contract: Contract): number {
  const months = {
    'Month-to-month': -18 * Math.log(1 - random.uniform()),
    'One year': 42 + 19 * random.normal(),
    'Two year': 57 + 18 * random.normal(),
  }[contract];
  return Math.floor(within(0, months, LONGEST_TENURE - 1));
}

/** Clamps `value` to [low, high]. */
export const within = (low: number, value: number, high: number): number =>
  Math.min(high, Math.max(low, value));
