// Names that an object of JavaScript swallows, so that a column would be lost without a word.
import { type Place } from '../errors.ts';

const SWALLOWED = '__proto__';

/**
 * The places where what a model file exports names something `__proto__`: written as `{ __proto__: … }` it becomes the
 * object's prototype, and read from JSON it is dropped by every copy.
 */
export function unkeepableNames(input: unknown): Place[] {
  const places: Place[] = [];
  const seen = new Set<object>();
  const waiting: { readonly value: unknown; readonly at: string }[] = [{ value: input, at: '' }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, at } = next;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (Object.hasOwn(value, SWALLOWED) || hasLiteralPrototype(value)) {
      places.push({ at: `${at}${SWALLOWED}`, problem: 'cannot be the name of anything in a definition' });
    }
    for (const [name, below] of Object.entries(value)) waiting.push({ value: below, at: `${at}${name}.` });
  }
  return places;
}

/** Whether the prototype is itself a plain object, as only `{ __proto__: … }` makes it. */
function hasLiteralPrototype(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return (
    prototype !== null &&
    Object.getPrototypeOf(prototype) === Object.prototype &&
    !Object.hasOwn(prototype, 'constructor')
  );
}
