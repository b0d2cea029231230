// Numbers entities by their keys, as Postgres sent them.
import { type WireBytes } from '../../postgres/copy-out.ts';
import { ByteDictionary } from '../byte-dictionary.ts';

/** Numbers keys from 0 in the order in which they were first added. */
export interface EntityNumbers {
  /** Number of distinct keys. */
  readonly size: number;
  /** Returns the number of a key, which is added if it is new; −1 if one of its columns is null. */
  add(wire: WireBytes, offsets: readonly number[]): number;
  /** Returns the number of a key; −1 if it was never added or if one of its columns is null. */
  find(wire: WireBytes, offsets: readonly number[]): number;
}

/** @param forms the forms of the columns of the key, as `KeyForms` has them */
export const numbersFor = (forms: readonly (string | null | undefined)[]): EntityNumbers =>
  forms.length === 1 && forms[0] === 'bigint' ? new WholeNumbers() : new AnyKeys();

/** Keys of any number of columns, by their bytes. */
class AnyKeys implements EntityNumbers {
  readonly #known = new ByteDictionary();
  /** The columns of one key, one after the other, valid up to `#length`. */
  #bytes = Buffer.allocUnsafe(64);
  #length = 0;

  get size(): number {
    return this.#known.size;
  }

  add(wire: WireBytes, offsets: readonly number[]): number {
    return this.#take(wire, offsets) ? this.#known.codeOf(this.#bytes, 0, this.#length) : -1;
  }

  find(wire: WireBytes, offsets: readonly number[]): number {
    return this.#take(wire, offsets) ? this.#known.find(this.#bytes, 0, this.#length) : -1;
  }

  /** Takes the fields with their lengths, so that different keys never have the same bytes; false if one is null. */
  #take({ bytes, view }: WireBytes, offsets: readonly number[]): boolean {
    this.#length = 0;
    for (const at of offsets) {
      const size = view.getInt32(at);
      if (size < 0) return false;
      const end = this.#length + 4 + size;
      if (end > this.#bytes.length) {
        const grown = Buffer.allocUnsafe(2 * end);
        this.#bytes.copy(grown, 0, 0, this.#length);
        this.#bytes = grown;
      }
      for (let from = at; this.#length < end; from += 1) this.#bytes[this.#length++] = bytes[from] as number;
    }
    return true;
  }
}

const EMPTY = -1;

/** Keys of one bigint, which are by far the most common and need no copy of their bytes. */
class WholeNumbers implements EntityNumbers {
  size = 0;
  #slots = new Int32Array(1_024).fill(EMPTY);
  /** High and low half of each key. */
  #halves = new Int32Array(1_024);

  add({ view }: WireBytes, [at = 0]: readonly number[]): number {
    if (view.getInt32(at) < 0) return -1;
    const [high, low] = [view.getInt32(at + 4), view.getInt32(at + 8)];
    const slot = this.#slotOf(high, low);
    const known = this.#slots[slot] as number;
    if (known !== EMPTY) return known;
    const number = this.size;
    this.#halves[2 * number] = high;
    this.#halves[2 * number + 1] = low;
    this.#slots[slot] = number;
    this.size += 1;
    if (2 * this.size > this.#slots.length) this.#grow();
    return number;
  }

  find({ view }: WireBytes, [at = 0]: readonly number[]): number {
    if (view.getInt32(at) < 0) return -1;
    return this.#slots[this.#slotOf(view.getInt32(at + 4), view.getInt32(at + 8))] as number;
  }

  /** Returns the slot of a key, or the empty slot where it belongs. */
  #slotOf(high: number, low: number): number {
    const last = this.#slots.length - 1;
    const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    let slot = (mixed ^ (mixed >>> 15)) & last;
    for (;;) {
      const number = this.#slots[slot] as number;
      if (number === EMPTY) return slot;
      if (this.#halves[2 * number + 1] === low && this.#halves[2 * number] === high) return slot;
      slot = (slot + 1) & last;
    }
  }

  #grow(): void {
    const halves = new Int32Array(4 * this.size);
    halves.set(this.#halves.subarray(0, 2 * this.size));
    this.#halves = halves;
    this.#slots = new Int32Array(2 * this.#slots.length).fill(EMPTY);
    for (let number = 0; number < this.size; number += 1) {
      const slot = this.#slotOf(halves[2 * number] as number, halves[2 * number + 1] as number);
      this.#slots[slot] = number;
    }
  }
}
