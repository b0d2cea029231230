// Everything that a model file imports: defineModel, view, the column types and the operators of derived columns.
export { category, count, flag, numeric } from './parts/column.ts';
export { defineModel, view } from './define-model.ts';
export { absolute } from './derived/arithmetic.ts';
export { bucket } from './derived/conditions.ts';
export { calendar } from './derived/instants.ts';
export { clip } from './derived/arithmetic.ts';
export { coalesce } from './derived/conditions.ts';
export { cross } from './derived/conditions.ts';
export { daysBetween } from './derived/instants.ts';
export { daysSince } from './derived/instants.ts';
export { difference } from './derived/arithmetic.ts';
export { equals } from './derived/conditions.ts';
export { isMissing } from './derived/conditions.ts';
export { log1p } from './derived/arithmetic.ts';
export { product } from './derived/arithmetic.ts';
export { ratio } from './derived/arithmetic.ts';
export { sum } from './derived/arithmetic.ts';
