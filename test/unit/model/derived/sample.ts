// A definition with source columns of each kind, to which a test adds derived columns.
import { category, count, flag, instant, numeric } from '../../../../domain/model/parts/column.ts';
import { defineModel, view } from '../../../../domain/model/define-model.ts';
import { type ModelInput, type ViewInput } from '../../../../domain/model/definition.ts';

/** A view with the columns `fee`, `hours`, `calls`, `plan`, `gift`, `since` and `seen`. */
export const account = view({
  table: 'account',
  timestamp: 'at',
  columns: {
    fee: numeric(),
    hours: numeric(),
    calls: count(),
    plan: category(),
    gift: flag(),
    since: instant(),
    seen: instant(),
  },
});

/** A second view with the column `tickets`. */
export const support = view({ table: 'support', timestamp: 'at', columns: { tickets: count() } });

/** A model with both views and the given derived columns of the model and of the first view. */
export const withDerived = (
  derived: NonNullable<ModelInput['derived']>,
  ofView: NonNullable<ViewInput['derived']> = {},
): ModelInput =>
  defineModel({
    name: 'sample',
    entity: { name: 'user', keys: ['user_id'] },
    rows: { table: 'users', timestamp: 'at' },
    features: [{ ...account, derived: ofView }, support],
    derived,
    label: { table: 'labels', column: 'gone', timestamp: 'at' },
    monitor: { every: '1 month', window: '1 month' },
    training: { trainer: 'logistic-regression', window: '3 months' },
    promotion: {},
  });
