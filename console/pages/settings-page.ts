// The settings of an installation, for admins: who may do what, with which keys, the floor of all policies, and what was sent.
import { ago, time } from '../format.ts';
import { html, type Html, nothing } from '../html.ts';
import { type Page } from '../parts/layout.ts';
import { empty, facts, section, table, tag } from '../parts/parts.ts';

/** A role that somebody has. */
export interface SettingsRole {
  /** The person, service account or group. */
  readonly who: string;
  readonly kind: 'person' | 'service' | 'group';
  readonly owner: string | null;
  readonly role: string;
  /** Null for all models. */
  readonly model: string | null;
  readonly grantedBy: string | null;
  readonly grantedAt: Date;
  readonly disabled: boolean;
}

/** A key; never its secret. */
export interface SettingsKey {
  readonly id: string;
  readonly account: string;
  readonly kind: 'person' | 'service';
  readonly roles: readonly string[];
  readonly models: readonly string[] | null;
  readonly note: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

/** A notification with its last attempt for each target. */
export interface SettingsNotification {
  readonly at: Date;
  readonly type: string;
  readonly model: string;
  readonly state: 'waiting' | 'trying' | 'delivered' | 'failed';
  readonly targets: readonly {
    readonly target: string;
    readonly attempt: number;
    readonly error: string | null;
  }[];
}

/** What the page shows. */
export interface SettingsView {
  readonly roles: readonly SettingsRole[];
  readonly keys: readonly SettingsKey[];
  readonly floor: {
    readonly policy: Readonly<Record<string, unknown>>;
    readonly reason: string;
    readonly actor: string;
    readonly at: Date;
  } | null;
  readonly notifications: readonly SettingsNotification[];
}

/** A key that expires within this many milliseconds is marked. */
const SOON_MS = 14 * 86_400_000;

/** The page of the settings. */
export const settingsPage = (view: SettingsView, now: Date): Page => ({
  title: 'Settings',
  section: 'settings',
  body: html`<h1>Settings</h1>
    <p class="sub">
      They are changed by commands, which ask the API with the key of an admin and are recorded in the audit
      log.
    </p>
    ${roles(view)}${keys(view, now)}${floor(view)}${notifications(view)}`,
});

const roles = ({ roles: list }: SettingsView): Html =>
  section(
    'Roles',
    'roles',
    list.length === 0
      ? empty('Nobody has a role.', 'tidegate role grant gives one.')
      : table(
          'Roles',
          [
            { name: 'Who' },
            { name: 'Role' },
            { name: 'For' },
            { name: 'Given by', wide: true },
            { name: 'When', wide: true },
          ],
          list.map(({ who, kind, owner, role, model, grantedBy, grantedAt, disabled }) => [
            html`${who}${kind !== 'person' && html` <small>${kind === 'group' ? 'group' : `service account of ${owner ?? 'nobody'}`}</small>`}${disabled && html` ${tag('alarm', 'disabled')}`}`,
            role,
            model ?? 'all models',
            grantedBy ?? 'the installation',
            time(grantedAt),
          ]),
        ),
    {
      note: html`<code>tidegate role grant</code> and <code>tidegate role revoke</code>; a change takes effect
        within two seconds.`,
    },
  );

function keyState({ revokedAt, expiresAt }: SettingsKey, now: Date): Html {
  if (revokedAt) return tag('quiet', 'revoked');
  if (expiresAt <= now) return tag('quiet', 'expired');
  return expiresAt.getTime() - now.getTime() < SOON_MS ? tag('wait', 'expires soon') : tag('good', 'valid');
}

const keys = ({ keys: list }: SettingsView, now: Date): Html =>
  section(
    'API keys',
    'keys',
    list.length === 0
      ? empty('There are no keys.', 'tidegate key create makes one.')
      : table(
          'API keys',
          [
            { name: 'Key' },
            { name: 'Of' },
            { name: 'State' },
            { name: 'Roles' },
            { name: 'Expires', wide: true },
            { name: 'Last used', wide: true },
          ],
          list.map((key) => [
            html`<code>tgk_${key.id}</code>${key.note !== '' && html` <small>${key.note}</small>`}`,
            key.account,
            keyState(key, now),
            html`${key.roles.join(', ')}${key.models !== null && html` <small>for ${key.models.join(', ')}</small>`}`,
            time(key.expiresAt, 'day'),
            key.lastUsedAt === null ? html`<span class="soft">never</span>` : ago(key.lastUsedAt, now),
          ]),
        ),
    {
      note: html`<code>tidegate key create</code> and <code>tidegate key revoke</code>. A secret is shown once
        and never stored.`,
    },
  );

function floor({ floor: set }: SettingsView): Html {
  const body =
    set === null
      ? empty(
          'There is no floor: each model has the promotion policy of its definition.',
          'tidegate floor set approvals=2 sets one.',
        )
      : facts([
          ...Object.entries(set.policy).map(([name, value]) => [name, JSON.stringify(value)] as const),
          ['set by', html`${set.actor}, ${time(set.at)}${set.reason !== '' && html`: ${set.reason}`}`],
        ]);
  return section('Floor of all promotion policies', 'floor', body, {
    note: 'The minimum that the promotion policy of every model must demand.',
  });
}

const STATES = { delivered: 'good', waiting: 'now', trying: 'wait', failed: 'alarm' } as const;

const notifications = ({ notifications: list }: SettingsView): Html =>
  section(
    'Notifications',
    'notifications',
    list.length === 0
      ? empty(
          'Nothing has been sent yet.',
          'Webhooks, Slack and e-mail are set up in the settings of the worker.',
        )
      : table(
          'Notifications',
          [
            { name: 'What' },
            { name: 'About' },
            { name: 'State' },
            { name: 'When' },
            { name: 'Attempts', wide: true },
          ],
          list.map(({ at, type, model, state, targets }) => [
            type,
            model === '' ? 'the installation' : model,
            tag(STATES[state], state),
            time(at),
            targets.length === 0
              ? html`<span class="soft">no target is set up</span>`
              : html`${targets.map(({ target, attempt, error }, index) => html`${index > 0 && '; '}${target}: attempt ${attempt}${error ? html`, ${error}` : nothing}`)}`,
          ]),
        ),
    {
      note: html`${list.length > 0 && html`The newest ${list.length}. `}
        <code>tidegate notifications show</code> has every attempt, and <code>replay</code> sends one again.`,
    },
  );
