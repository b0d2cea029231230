// A view that several models share: it is declared once and imported by each model.
import { count, instant, numeric } from '../../../domain/model/parts/column.ts';
import { view } from '../../../domain/model/define-model.ts';
import { daysSince, ratio } from '../../../domain/model/index.ts';

/** A user's viewing activity, loaded nightly. */
export const usage = view({
  name: 'usage',
  table: 'examples.usage',
  timestamp: 'as_of',
  known: 'loaded_at',
  lag: '6 hours',
  ttl: '45 days',
  columns: {
    watch_hours: numeric({ min: 0 }),
    sessions: count(),
    last_seen_at: instant(),
  },
  derived: {
    hours_per_session: ratio('watch_hours', 'sessions', { max: 24 }),
    days_away: daysSince('last_seen_at', { critical: true }),
  },
});
