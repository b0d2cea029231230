// Who sent a request, how they proved it, and what they may do.
import { type KeyLimits, type Role, type RoleBinding, rolesFor, ROLES } from './roles.ts';

/** How a caller was authenticated; `off` if the installation does not ask who its callers are. */
export type Via = 'key' | 'session' | 'oidc' | 'off';

/** A person or service account that sent a request. */
export interface Caller {
  /** Id in `tidegate.principal`; null for the unverified caller. */
  readonly personId: number | null;
  readonly kind: 'person' | 'service';
  readonly name: string;
  /** The person who owns the service account; null for a person. */
  readonly ownerId: number | null;
  readonly via: Via;
  /** What identifies the credential without revealing it: the id of a key, a prefix of a session's hash, the id of a token. */
  readonly credential: string;
  readonly bindings: readonly RoleBinding[];
  /** Groups that the issuer named in the token or at the sign-in; a key has none. */
  readonly groups: readonly string[];
  readonly limits: KeyLimits;
}

/** The caller of every request while TIDEGATE_AUTH is off: may do everything, and is nobody. */
export const UNVERIFIED: Caller = {
  personId: null,
  kind: 'person',
  name: 'unverified',
  ownerId: null,
  via: 'off',
  credential: 'none',
  bindings: [{ role: 'admin', model: null }],
  groups: [],
  limits: { roles: null, models: null },
};

/** The caller's roles for a model, or for all models if `model` is null. */
export const rolesOfCaller = ({ bindings, limits }: Caller, model: string | null): Role[] =>
  rolesFor(bindings, limits, model);

/** Whether the caller has a role for a model, or for all models if `model` is null. */
export const may = (caller: Caller, role: Role, model: string | null): boolean =>
  rolesOfCaller(caller, model).includes(role);

/** Whether the caller has a role for at least one model. */
export function mayForAny(caller: Caller, role: Role): boolean {
  const { bindings, limits } = caller;
  const named = [...bindings.flatMap(({ model }) => model ?? []), ...(limits.models ?? [])];
  return [null, ...named].some((model) => may(caller, role, model));
}

/** Describes the caller's roles for a model, for messages. @example 'viewer and trainer' */
export function describeRoles(caller: Caller, model: string | null): string {
  const held = rolesOfCaller(caller, model);
  if (held.length === ROLES.length) return 'every role';
  if (held.length === 0) return 'no role';
  return `${held.length === 1 ? 'the role' : 'the roles'} ${held.join(', ')}`;
}
