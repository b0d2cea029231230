// What a grant can allow, and how the person who got it was authenticated.

/** Everything that a grant can allow. */
export const GRANTED_ACTIONS = [
  'approve',
  'reject',
  'rollback',
  'stop',
  'start',
  'withdraw',
  'retire',
  'monitor',
  'retrain',
  'materialize',
  'import',
  'apply',
  'accept-definition',
  'refuse-definition',
  'set-floor',
  'break-glass',
] as const;

/** What a grant allows. */
export type GrantedAction = (typeof GRANTED_ACTIONS)[number];

/** How a person was authenticated: by an API key, a browser session or an OIDC token. */
export type GrantVia = 'key' | 'session' | 'oidc';
