// Whether a model keeps online rows, and how often a schedule brings them up to date.
import { type ModelDefinition } from './definition.ts';

/** Whether rows are kept from which predictions by key are served; `online: 'off'` is for entities that are events. */
export const keepsOnline = ({ online }: Pick<ModelDefinition, 'online'>): boolean => online !== 'off';

/** How often a schedule brings online rows up to date; undefined where none does. */
export const onlineEvery = ({ online }: Pick<ModelDefinition, 'online'>): string | undefined =>
  online === 'off' ? undefined : online.every;
