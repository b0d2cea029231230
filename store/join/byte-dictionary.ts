// A dictionary that numbers texts by their bytes, so that no string is created for a text that was seen before.

const FIRST_SLOTS = 64;
const FIRST_BYTES = 512;
const EMPTY = -1;

/**
 * Distinct byte strings, numbered from 0 in the order in which they were first added.
 *
 * @example
 * const codes = new ByteDictionary();
 * codes.codeOf(Buffer.from('basic'), 0, 5); // 0, now and on every later call
 */
export class ByteDictionary {
  #slots = new Int32Array(FIRST_SLOTS).fill(EMPTY);
  #hashes = new Int32Array(FIRST_SLOTS);
  /** The end offset of each string; a string begins at the end of the previous one. */
  #ends = new Uint32Array(FIRST_SLOTS);
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #size = 0;

  /** Number of distinct strings added. */
  get size(): number {
    return this.#size;
  }

  /** Returns the number of the string in `bytes[at, at + length)`; a new string gets the next free number. */
  codeOf(bytes: Uint8Array, at: number, length: number): number {
    const hash = hashOf(bytes, at, length);
    const slot = this.#slotOf(hash, bytes, at, length);
    const known = this.#slots[slot] as number;
    if (known !== EMPTY) return known;
    const code = this.#append(bytes, at, length);
    this.#hashes[code] = hash;
    this.#slots[slot] = code;
    if (2 * this.#size > this.#slots.length) this.#grow();
    return code;
  }

  /** Returns the number of a string, or −1 if it was never added. */
  find(bytes: Uint8Array, at: number, length: number): number {
    return this.#slots[this.#slotOf(hashOf(bytes, at, length), bytes, at, length)] as number;
  }

  /** Adds a string of this dictionary to another, and returns its number there. */
  addTo(other: ByteDictionary, code: number): number {
    const start = this.#start(code);
    return other.codeOf(this.#bytes, start, (this.#ends[code] as number) - start);
  }

  /** Returns the strings as UTF-8 texts, starting with number `first`. */
  texts(first = 0): string[] {
    return Array.from({ length: this.#size - first }, (_, index) =>
      this.#bytes.toString('utf8', this.#start(first + index), this.#ends[first + index]),
    );
  }

  #start(code: number): number {
    return code === 0 ? 0 : (this.#ends[code - 1] as number);
  }

  /** Returns the slot that contains the string, or the empty slot where it belongs. */
  #slotOf(hash: number, bytes: Uint8Array, at: number, length: number): number {
    const last = this.#slots.length - 1;
    let slot = hash & last;
    for (;;) {
      const code = this.#slots[slot] as number;
      if (code === EMPTY || (this.#hashes[code] === hash && this.#isAt(code, bytes, at, length))) return slot;
      slot = (slot + 1) & last;
    }
  }

  #isAt(code: number, bytes: Uint8Array, at: number, length: number): boolean {
    const start = this.#start(code);
    if ((this.#ends[code] as number) - start !== length) return false;
    for (let index = 0; index < length; index += 1) {
      if (this.#bytes[start + index] !== bytes[at + index]) return false;
    }
    return true;
  }

  #append(bytes: Uint8Array, at: number, length: number): number {
    const code = this.#size;
    const start = this.#start(code);
    if (start + length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, start + length));
      this.#bytes.copy(grown, 0, 0, start);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes.subarray(at, at + length), start);
    this.#ends[code] = start + length;
    this.#size += 1;
    return code;
  }

  #grow(): void {
    const slots = new Int32Array(2 * this.#slots.length).fill(EMPTY);
    const last = slots.length - 1;
    for (let code = 0; code < this.#size; code += 1) {
      let slot = (this.#hashes[code] as number) & last;
      while (slots[slot] !== EMPTY) slot = (slot + 1) & last;
      slots[slot] = code;
    }
    this.#slots = slots;
    this.#hashes = grownTo(this.#hashes, slots.length);
    this.#ends = grownTo(this.#ends, slots.length);
  }
}

function grownTo<T extends Int32Array | Uint32Array>(values: T, length: number): T {
  const grown = new (values.constructor as new (length: number) => T)(length);
  grown.set(values);
  return grown;
}

/** FNV-1a with its bits mixed, so that the low bits differ between strings of the same length. */
function hashOf(bytes: Uint8Array, at: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let index = at; index < at + length; index += 1) {
    hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}
