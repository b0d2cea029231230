// The model of bench:join: rows over four views, and the window that is joined.
import { category, numeric } from '../domain/model/parts/column.ts';
import { parseDefinition, view } from '../domain/model/define-model.ts';
import { type ModelDefinition } from '../domain/model/definition.ts';

/** The tables of the views. */
export const VIEWS = ['usage', 'billing', 'support', 'payments'];

/** Start and end of the window, and the instant by which labels must be known. */
export const WINDOW = ['2024-02-29T00:00:00Z', '2024-03-31T00:00:00Z', '2024-04-30T00:00:00Z'] as const;

/** A model with four columns from each view. */
export const definition: ModelDefinition = parseDefinition({
  name: 'bench',
  entity: { name: 'user', keys: ['user_id'] },
  rows: { table: 'spine', timestamp: 'at' },
  features: VIEWS.map((table, index) =>
    view({
      table,
      timestamp: 'at',
      ttl: '30 days',
      known: 'known',
      lag: '6 hours',
      columns: {
        [`a${index}`]: numeric(),
        [`b${index}`]: numeric(),
        [`c${index}`]: numeric(),
        [`d${index}`]: category(),
      },
    }),
  ),
  label: { table: 'outcome', column: 'churned', timestamp: 'at' },
  monitor: { every: '1 month', window: '1 month' },
  training: { trainer: 'logistic-regression', window: '1 month' },
  promotion: {},
});
