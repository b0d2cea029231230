// Where model files of 0.1.0 import the kinds of columns from; new ones import domain/model/index.ts.
export { category, count, flag, numeric } from '../model/parts/column.ts';
