// Keeps credentials in memory by the hash of their secret, and reads those that it does not know in batches.
import { type AtGeneration } from '../../store/identity/credentials.ts';

/** Reads credentials by hash; those that do not exist are left out. */
export type ReadCredentials<T> = (hashes: readonly string[]) => Promise<AtGeneration<T>>;

/** Maximum number of credentials that are kept; the least recently used are forgotten first. */
const MAX_KNOWN = 50_000;
/** Maximum number of hashes of unknown secrets that are kept; the limit stops wrong keys from filling the memory. */
const MAX_MISSING = 10_000;
/** Maximum number of hashes that are looked up in one read. */
const MAX_BATCH = 1_000;

interface Waiting<T> {
  readonly promise: Promise<T | undefined>;
  readonly resolve: (found: T | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** A cache of credentials. It does not expire by itself: `reread` replaces everything after a change. */
export class CredentialCache<T extends { readonly hash: string }> {
  readonly #read: ReadCredentials<T>;
  readonly #known = new Map<string, { readonly value: T; readonly generation: number }>();
  readonly #missing = new Set<string>();
  readonly #waiting = new Map<string, Waiting<T>>();
  #isReading = false;
  #generation = 0;

  constructor(read: ReadCredentials<T>) {
    this.#read = read;
  }

  /** Number of credentials and of missing hashes in memory. */
  get size(): { readonly known: number; readonly missing: number } {
    return { known: this.#known.size, missing: this.#missing.size };
  }

  /** Returns a credential that is in memory, without looking it up. */
  peek(hash: string): T | undefined {
    return this.#known.get(hash)?.value;
  }

  /** Returns a credential that is in memory, and marks it as used. */
  use(hash: string): T | undefined {
    const known = this.#known.get(hash);
    if (!known) return undefined;
    // Moved to the end, so that the first entry is the one that was not used for the longest time.
    this.#known.delete(hash);
    this.#known.set(hash, known);
    return known.value;
  }

  /**
   * Returns a credential, reading it if it is not in memory. Only one read runs at a time and takes along every hash that
   * waits, so that any number of wrong keys costs few statements.
   */
  async get(hash: string): Promise<T | undefined> {
    const known = this.use(hash);
    if (known) return known;
    if (this.#missing.has(hash)) return undefined;
    const waiting = this.#waiting.get(hash) ?? this.#enqueue(hash);
    void this.#readWaiting();
    return waiting.promise;
  }

  /** Forgets that a credential does not exist, because it was just made. */
  forgetMissing(hash: string): void {
    this.#missing.delete(hash);
  }

  /** Reads everything that is in memory again, and forgets which hashes were missing. */
  async reread(): Promise<void> {
    const hashes = [...this.#known.keys()];
    const values: T[] = [];
    let generation = Infinity;
    for (let from = 0; from === 0 || from < hashes.length; from += MAX_BATCH) {
      const read = await this.#read(hashes.slice(from, from + MAX_BATCH));
      values.push(...read.found);
      generation = Math.min(generation, read.generation);
    }
    this.#generation = generation;
    this.#missing.clear();
    const found = new Map(values.map((value) => [value.hash, value]));
    for (const [hash, entry] of this.#known) {
      const value = found.get(hash);
      if (value) this.#known.set(hash, { value, generation });
      else if (entry.generation < generation) this.#known.delete(hash);
    }
  }

  #enqueue(hash: string): Waiting<T> {
    let settle!: Pick<Waiting<T>, 'resolve' | 'reject'>;
    const promise = new Promise<T | undefined>((resolve, reject) => (settle = { resolve, reject }));
    const waiting = { promise, ...settle };
    this.#waiting.set(hash, waiting);
    return waiting;
  }

  async #readWaiting(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#waiting.size > 0) await this.#readBatch([...this.#waiting.keys()].slice(0, MAX_BATCH));
    } finally {
      this.#isReading = false;
    }
  }

  async #readBatch(hashes: readonly string[]): Promise<void> {
    try {
      const { generation, found } = await this.#read(hashes);
      // Read before a change that is known by now: the batch stays queued and is read once more.
      if (generation < this.#generation) return;
      const values = new Map(found.map((value) => [value.hash, value]));
      for (const hash of hashes) {
        const value = values.get(hash);
        if (value) this.#known.set(hash, { value, generation });
        else this.#missing.add(hash);
        this.#take(hash)?.resolve(value);
      }
      forgetOldest(this.#known, MAX_KNOWN);
      forgetOldest(this.#missing, MAX_MISSING);
    } catch (error) {
      for (const hash of hashes) this.#take(hash)?.reject(error);
    }
  }

  #take(hash: string): Waiting<T> | undefined {
    const waiting = this.#waiting.get(hash);
    this.#waiting.delete(hash);
    return waiting;
  }
}

function forgetOldest(
  kept: { readonly size: number; keys(): Iterator<string>; delete(key: string): boolean },
  max: number,
): void {
  const keys = kept.keys();
  while (kept.size > max) kept.delete(keys.next().value as string);
}
