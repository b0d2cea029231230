// The order of texts that is the same on every machine.

/** Compares texts by code units, never by locale: the same data must freeze to the same bytes everywhere. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
