// The words with which a model file declares derived columns.
export { absolute } from './absolute.ts';
export { bucket } from './bucket.ts';
export { calendar } from './calendar.ts';
export { clip } from './clip.ts';
export { coalesce } from './coalesce.ts';
export { cross } from './cross.ts';
export { daysBetween } from './days-between.ts';
export { daysSince } from './days-since.ts';
export { difference } from './difference.ts';
export { equals } from './equals.ts';
export { isMissing } from './is-missing.ts';
export { log1p } from './log1p.ts';
export { product } from './product.ts';
export { ratio } from './ratio.ts';
export { sum } from './sum.ts';
