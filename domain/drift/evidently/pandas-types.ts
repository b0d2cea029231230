// What pandas would hold the features of a definition as, read from tables that declare them so.
import { featuresOf } from '../../features/define-model.ts';
import { type ModelDefinition } from '../../features/definition.ts';
import { type PandasType } from './sample.ts';

const TYPES = { numeric: 'float', count: 'int', category: 'string', flag: 'bool' } as const;

/**
 * The pandas type of each feature by name: counts are whole numbers, flags are booleans.
 *
 * @example pandasTypesOf(definition) // { monthly_fee: 'float', support_tickets_90d: 'int' }
 */
export const pandasTypesOf = (definition: ModelDefinition): Record<string, PandasType> =>
  Object.fromEntries(featuresOf(definition).map(({ name, spec }) => [name, TYPES[spec.type]]));
