// An example model with a shared view and derived columns: which users are about to leave.
import { category, numeric } from '../../domain/model/parts/column.ts';
import { defineModel, view } from '../../domain/model/define-model.ts';
import { bucket, coalesce, cross, log1p, ratio } from '../../domain/model/index.ts';
import { usage } from './views/usage.ts';

export default defineModel({
  name: 'retention',
  entity: { name: 'user', keys: ['user_id'] },
  rows: { table: 'examples.users', timestamp: 'as_of' },
  features: [
    usage,
    view({
      table: 'examples.contract',
      timestamp: 'as_of',
      columns: {
        monthly_fee: numeric({ min: 0 }),
        months_active: numeric({ inputOnly: true }),
        plan: category(['basic', 'plus']),
        region: category(undefined, { inputOnly: true }),
      },
    }),
  ],
  derived: {
    fee_per_hour: ratio('monthly_fee', 'watch_hours', { min: 0 }),
    log_fee: log1p('monthly_fee'),
    tenure: bucket('months_active', [6, 12, 24], { labels: ['new', 'settled', 'loyal', 'old'] }),
    plan_in_region: cross(['plan', 'known_region']),
    known_region: coalesce(['region'], { otherwise: 'unknown', inputOnly: true }),
  },
  label: { table: 'examples.left', column: 'has_left', timestamp: 'as_of' },
  monitor: { every: '1 month', window: '1 month' },
  training: { trainer: 'logistic-regression', window: '1 month' },
  promotion: {},
});
