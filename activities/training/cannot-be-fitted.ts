// What rows that cannot be learnt from are told by.
import { type ErrorCode } from '../../domain/errors.ts';

/** Codes of a fit that its rows make impossible, and no retry mends. */
export const CANNOT_BE_FITTED: readonly ErrorCode[] = ['ONE_CLASS', 'TOO_FEW_LABELS', 'NOT_CONVERGED'];
