// Limits how many requests a second one caller may send to one process.
import { TidegateError } from '../../domain/errors.ts';
import { type Caller } from '../../domain/identity/caller.ts';
import { type App } from '../context/types.ts';

/** After this many seconds at the limit, a caller that was idle has its full allowance again. */
const BURST_SECONDS = 2;

/** When this many callers are known, those that are idle are forgotten. */
const MAX_CALLERS = 10_000;

interface Allowance {
  /** How many requests the caller may send now; it grows with time. */
  left: number;
  at: number;
}

/**
 * Counts requests by credential: a key, a session or a token. Each may send `perSecond` requests a second, and twice as many at
 * once after a pause.
 */
export class RateLimit {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #allowances = new Map<string, Allowance>();

  /** @param now returns milliseconds. @default the clock that never goes back */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** Counts a request. @throws TidegateError RATE_LIMITED */
  count({ via, credential }: Pick<Caller, 'via' | 'credential'>): void {
    const most = this.#perSecond * BURST_SECONDS;
    const now = this.#now();
    const key = `${via} ${credential}`;
    let allowance = this.#allowances.get(key);
    if (!allowance) {
      if (this.#allowances.size >= MAX_CALLERS) this.#forgetIdle(now);
      allowance = { left: most, at: now };
      this.#allowances.set(key, allowance);
    }
    allowance.left = Math.min(most, allowance.left + ((now - allowance.at) / 1_000) * this.#perSecond);
    allowance.at = now;
    if (allowance.left < 1)
      throw new TidegateError(
        'RATE_LIMITED',
        `the caller sends more than ${this.#perSecond} requests a second to this process`,
      );
    allowance.left -= 1;
  }

  #forgetIdle(now: number): void {
    for (const [key, { at }] of this.#allowances)
      if (now - at >= BURST_SECONDS * 1_000) this.#allowances.delete(key);
  }
}

/** Installs the limit for all routes that need a caller. Must be called after `authenticate`. */
export function limitRate(app: App, perSecond: number | undefined): void {
  // Without a limit there is no hook, so that it costs nothing.
  if (perSecond === undefined) return;
  const limit = new RateLimit(perSecond);
  app.addHook('onRequest', (request, _reply, done) => {
    const caller = request.caller as Caller | null;
    try {
      if (caller) limit.count(caller);
      done();
    } catch (error) {
      done(error as Error);
    }
  });
}
