// A report as the steps that fill it name it.

/** A report by its number. */
export interface ReportRef {
  readonly reportId: number;
}

/** One line for the run's details. */
export interface InWords {
  readonly words: string;
}

/** Why a part that needs a champion is unmeasured before the first is in Production. */
export const NO_CHAMPION = 'no version is in Production yet';
