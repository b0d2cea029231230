// A second example model over the same shared view: which users would buy a larger plan.
import { defineModel } from '../../domain/model/define-model.ts';
import { usage } from './views/usage.ts';

export default defineModel({
  name: 'upsell',
  entity: { name: 'user', keys: ['user_id'] },
  rows: { table: 'examples.users', timestamp: 'as_of' },
  features: [usage],
  label: { table: 'examples.left', column: 'has_upgraded', timestamp: 'as_of' },
  monitor: { every: '1 month', window: '1 month' },
  training: { trainer: 'logistic-regression', window: '1 month' },
  promotion: {},
});
