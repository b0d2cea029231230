// What each role may do, and which roles a caller has for a model.

/** All roles, from the one that may only read to the one that may do everything. */
export const ROLES = ['viewer', 'predictor', 'trainer', 'operator', 'approver', 'admin'] as const;

/** A role that a person or a service account has for all models or for one. */
export type Role = (typeof ROLES)[number];

/**
 * The roles that a role includes, itself among them. A route names the role that it needs, so this is the one place that
 * says what each role may do. A predictor sees answers but no reports; an admin may do everything, except that nobody may
 * approve a version that they asked for.
 */
const INCLUDED: Readonly<Record<Role, readonly Role[]>> = {
  viewer: ['viewer'],
  predictor: ['predictor'],
  trainer: ['viewer', 'trainer'],
  operator: ['viewer', 'operator'],
  approver: ['viewer', 'approver'],
  admin: ROLES,
};

/** What a role allows, for help texts and messages. */
export const ROLE_MEANINGS: Readonly<Record<Role, string>> = {
  viewer: 'read everything but keys',
  predictor: 'ask for predictions, explanations and online features',
  trainer: 'read; apply definitions, monitor, retrain, materialize and import versions',
  operator: 'read; roll back, stop and start serving, withdraw, retire, change schedules',
  approver: 'read; approve and reject',
  admin: 'everything, and keys, roles and the policy of the installation',
};

/** A role for one model, or for all if `model` is null. */
export interface RoleBinding {
  readonly role: Role;
  readonly model: string | null;
}

/** What a key allows at most; null leaves the roles or models of its owner as they are. */
export interface KeyLimits {
  readonly roles: readonly Role[] | null;
  readonly models: readonly string[] | null;
}

const NO_LIMITS: KeyLimits = { roles: null, models: null };

/** Whether a text is the name of a role. */
export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);

/** All roles that the given ones include, in the order of {@link ROLES}. @example expandRoles(['trainer']) // viewer, trainer */
export const expandRoles = (roles: readonly Role[]): Role[] =>
  ROLES.filter((role) => roles.some((held) => INCLUDED[held].includes(role)));

/**
 * Returns the roles for a model that both the bindings and the limits of the key allow.
 *
 * @param model null asks for the roles that hold for all models
 * @example rolesFor([{ role: 'admin', model: null }], { roles: ['predictor'], models: null }, 'churn') // ['predictor']
 */
export function rolesFor(
  bindings: readonly RoleBinding[],
  { roles, models }: KeyLimits = NO_LIMITS,
  model: string | null,
): Role[] {
  if (models !== null && (model === null || !models.includes(model))) return [];
  const held = expandRoles(
    bindings.filter((binding) => binding.model === null || binding.model === model).map(({ role }) => role),
  );
  if (roles === null) return held;
  const allowed = expandRoles(roles);
  return held.filter((role) => allowed.includes(role));
}
