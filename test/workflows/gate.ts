// A place in a fake activity where it waits until the test lets it go on.

/** Holds whoever passes until it is opened. */
export interface Gate {
  /** Waits for `open`. */
  pass(): Promise<void>;
  open(): void;
}

/**
 * A closed gate.
 *
 * @example
 * const training = gate();
 * fakeActivities({ trainCandidate: async () => { await training.pass(); return candidate; } });
 */
export function gate(): Gate {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { pass: () => opened, open: () => open() };
}
