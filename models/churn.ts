// The worked example: predicts which users of a streaming service are about to leave.
import { category, count, defineModel, flag, numeric, view } from '../domain/model/index.ts';

// Every table is loaded nightly: a row is known within six hours of the time that it describes.
const nightly = { timestamp: 'as_of', known: 'loaded_at', lag: '6 hours', ttl: '45 days' };

export default defineModel({
  name: 'churn',
  entity: { name: 'user', keys: ['user_id'] },
  rows: { table: 'users', timestamp: 'as_of' },
  features: [
    view({
      table: 'usage_agg_30d',
      ...nightly,
      // If the table was not loaded for more than a month, the window shows old habits: stop instead of measuring them.
      freshness: { within: '35 days', severity: 'fail' },
      columns: {
        // 30 days have 720 hours. A larger value, or many missing values, mean that the load went wrong.
        watch_hours_30d: numeric({ min: 0, max: 720, nullShare: 0.05, severity: 'fail' }),
        avg_session_mins_7d: numeric({ min: 0 }),
        unique_devices_30d: count(),
        skips_7d: count(),
        rebuffer_events_7d: count(),
      },
    }),
    view({
      table: 'subscriptions',
      ...nightly,
      columns: {
        months_active: count(),
        monthly_fee: numeric({ min: 0, max: 1_000, nullShare: 0.05, mostly: 0.999, severity: 'fail' }),
        plan_stream_tv: flag(),
        plan_stream_movies: flag(),
        paperless_billing: flag(),
        // A new kind of service is only reported; it does not stop the loop.
        net_service: category(['DSL', 'Fiber optic', 'No'], { nullShare: 0.05, severity: 'warn' }),
      },
    }),
    view({ table: 'payments_agg_90d', ...nightly, columns: { failed_payments_90d: count() } }),
    view({
      table: 'support_agg_90d',
      ...nightly,
      columns: { support_tickets_90d: count(), ticket_avg_resolution_hrs_90d: numeric({ min: 0 }) },
    }),
  ],
  label: { table: 'labels', column: 'churn_label', timestamp: 'as_of', known: 'loaded_at', delay: '0 days' },
  monitor: { every: '1 month', window: '1 month', timezone: 'UTC' },
  // Columns are weighted by how much the champion uses them, so drift of a column it hardly uses is not a reason to retrain.
  drift: { share: 0.05, weights: 'usage' },
  training: { trainer: 'logistic-regression', window: '1 month', seed: 7 },
  promotion: {
    metric: 'auc',
    minDelta: 0.01,
    rule: 'superiority',
    approvals: 1,
    expiresAfter: '7 days',
    // Only people whom the API has authenticated may decide. A signal from the Temporal UI needs a grant:
    // `tidegate grant churn 1 --approve` prints it.
    unverifiedSignals: 'refuse',
    // You may try the example alone: whoever asked for a version may also approve it, and the record says so. By default
    // somebody else has to.
    selfApproval: 'record',
  },
});
