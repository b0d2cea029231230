// The page of the settings, for admins of all models.
import { settingsPage, type SettingsView } from '../../console/pages/settings-page.ts';
import { listKeys } from '../../store/identity/keys.ts';
import { listRoles } from '../../store/identity/people.ts';
import { type Database } from '../../store/postgres/database.ts';
import { listNotifications } from '../../store/registry/notifications.ts';
import { findFloor } from '../../store/registry/policy-floor.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { sendPage } from './reply.ts';

const NOTIFICATIONS = 20;

/** `GET /ui/settings`. */
export function settingsPages(app: App, deps: ApiDeps): void {
  app.get('/ui/settings', { schema: { hide: true } }, async (request, reply) => {
    const view = await viewOf(deps.database);
    return sendPage(deps, request, reply, ({ now }) => settingsPage(view, now));
  });
}

async function viewOf(database: Database): Promise<SettingsView> {
  const { kysely } = database;
  const [roles, keys, floor, notifications] = await Promise.all([
    listRoles(kysely),
    listKeys(kysely),
    findFloor(kysely),
    listNotifications(database, { limit: NOTIFICATIONS }),
  ]);
  return {
    roles: roles.map(({ account, group, kind, ...role }) => ({
      ...role,
      who: account ?? group ?? 'unknown',
      kind: kind ?? 'group',
    })),
    keys,
    floor: floor ? { ...floor, policy: floor.policy } : null,
    notifications: notifications.map(({ at, type, model, state, targets }) => ({
      at,
      type,
      model: model ?? '',
      state,
      targets,
    })),
  };
}
