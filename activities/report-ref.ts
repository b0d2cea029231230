// A report as the steps that fill it name it.
import { type Failed } from '../domain/judgements.ts';

/** A report by its number. */
export interface ReportRef {
  readonly reportId: number;
}

/** A report to judge a part of. */
export interface ReportToJudge extends ReportRef {
  /** What ended the attempts before: the part is recorded as failed. Absent while it may still be made. */
  readonly failed?: Failed;
}

/** One line for the run's details. */
export interface InWords {
  readonly words: string;
}

/** Why a part that needs a champion is unmeasured before the first is in Production. */
export const NO_CHAMPION = 'no version is in Production yet';
