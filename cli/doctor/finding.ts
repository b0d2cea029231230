// What the doctor found.

/** One thing that was looked at. */
export interface Finding {
  /** What it is about: a server, the schema, or a model. */
  readonly about: string;
  /** `problem`: something is wrong. `warning`: worth a look. `ok`: as it should be. */
  readonly kind: 'ok' | 'warning' | 'problem';
  readonly words: string;
  /** What to do, where something can be done. */
  readonly remedy?: string;
}

/** Turns a refusal into a problem, and its absence into what is well. */
export async function judge(
  about: string,
  look: () => Promise<unknown>,
  well: string,
  tell: (error: unknown) => Pick<Finding, 'words' | 'remedy'>,
): Promise<Finding> {
  try {
    await look();
    return { about, kind: 'ok', words: well };
  } catch (error) {
    return { about, kind: 'problem', ...tell(error) };
  }
}
