// A gate at which a fake activity waits until the test opens it.

/** Blocks callers of `pass` until it is opened. */
export interface Gate {
  /** Waits for `open`. */
  pass(): Promise<void>;
  open(): void;
}

/**
 * Creates a closed gate.
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
