// Re-exports the column types for model files written for 0.1.0; new files import domain/model/index.ts.
export { category, count, flag, numeric } from '../model/parts/column.ts';
