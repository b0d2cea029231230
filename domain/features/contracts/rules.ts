// Every kind of contract that a column may state.
import { type ContractRule } from './contract.ts';
import { nullShare } from './null-share.ts';
import { range } from './range.ts';
import { regex } from './regex.ts';
import { set } from './set.ts';
import { type } from './type.ts';
import { unique } from './unique.ts';

/** In the order in which a report lists them. A new kind is added here by hand. */
export const contractRules: readonly ContractRule[] = [type, nullShare, range, set, regex, unique];
