// Which role may do what with which table: the one place where it is written down.

/** The group roles of an installation. Logins of processes and people are members of one of them. */
export type DatabaseRole = 'owner' | 'api' | 'worker' | 'reader';

/** The roles that get privileges on single tables; the owner has all of them. */
export const LIMITED_ROLES = ['api', 'worker', 'reader'] as const;

/** A role with privileges on single tables. */
export type LimitedRole = (typeof LIMITED_ROLES)[number];

/**
 * What a role may do with a table besides reading it: `insert`, `delete`, `update` of all columns, or `update(column)`. To
 * lock rows (`for update`), Postgres asks for the right to update at least one column.
 */
type Access = 'insert' | 'delete' | 'update' | `update(${string})`;

interface TableAccess {
  readonly api?: readonly Access[];
  readonly worker?: readonly Access[];
  /** Who may read the table. @default api, worker and reader */
  readonly readBy?: readonly LimitedRole[];
}

const onlyOfApi = ['api'] as const;

/**
 * Every table of the schema `tidegate`. A table that is missing here can be used by the owner alone, and a test fails.
 * Triggers refuse most changes of rows in any case; the privileges say which process may write at all.
 */
export const TABLE_ACCESS: Readonly<Record<string, TableAccess>> = {
  migration: {},
  installation: {},
  installation_home: {},
  adopted_installation: {},
  allowed_move: {},

  // Who may do what: only the API, after it has authenticated somebody.
  principal: { api: ['insert', 'update(disabled_at)'] },
  api_key: {
    api: ['insert', 'update(revoked_at)', 'update(revoked_by)', 'update(last_used_at)'],
    readBy: onlyOfApi,
  },
  role_binding: { api: ['insert', 'update(ended_at)', 'update(ended_by)'] },
  session: { api: ['insert', 'update(ended_at)', 'delete'], readBy: onlyOfApi },
  sign_in_link: { api: ['insert', 'update(consumed_at)', 'delete'], readBy: onlyOfApi },
  identity_generation: { api: ['update'] },
  // A worker can use a grant, but not make one.
  action_grant: {
    api: ['insert', 'update(consumed_by)', 'update(result)'],
    worker: ['update(consumed_by)', 'update(result)'],
  },

  // What people write about models.
  model: { api: ['insert', 'update'], worker: ['update(name)'] },
  definition: { api: ['insert'] },
  definition_review: { api: ['insert'] },
  policy_floor: { api: ['insert'] },
  serving_change: { api: ['insert'] },
  tag: { api: ['insert', 'update', 'delete'] },
  alias: { api: ['insert', 'update', 'delete'] },
  version_comment: { api: ['insert'] },

  // The release: evidence, decisions and moves between stages.
  evidence: { worker: ['insert'] },
  // The API records only what it refuses to pass on.
  decision: { api: ['insert'], worker: ['insert'] },
  // The API withdraws and rolls back without Temporal; a trigger refuses it every other move.
  transition: { api: ['insert'], worker: ['insert'] },
  version: { api: ['update(stage)'], worker: ['insert', 'update(stage)'] },
  watch: { worker: ['insert', 'update'] },
  // Written by triggers, with the rights of the owner.
  audit_event: {},
  // Signed by the API, whose key no other process has.
  checkpoint: { api: ['insert'] },

  // Sent by the worker, one row for each attempt; the API can only ask for it.
  notice_request: { api: ['insert'], worker: ['insert', 'update(started_at)', 'delete'] },
  notification: { worker: ['insert', 'delete'] },
  notification_delivery: { worker: ['insert'] },

  // What the loops measure and train.
  dataset: { worker: ['insert', 'update(expired_at)'] },
  dataset_chunk: { worker: ['insert', 'delete'] },
  report: { worker: ['insert', 'update'] },
  // Written by a trigger, with the rights of the owner.
  report_figures: {},
  profile_part: { worker: ['insert', 'delete'] },
  retrain: { worker: ['insert', 'update'] },
  training_plan: { worker: ['insert'] },
  recipe_scores: { worker: ['insert'] },
  // Uploaded by people; the worker imports it.
  version_import: { api: ['insert'] },
  onnx_model: { api: ['insert'], worker: ['insert', 'delete'] },
  tree_fit: { worker: ['insert', 'update', 'delete'] },
  comparison: { worker: ['insert', 'update'] },

  // Serving.
  // The API removes the rows of a model that is retired.
  online_row: { api: ['delete'], worker: ['insert', 'update', 'delete'] },
  online_watermark: { api: ['delete'], worker: ['insert', 'update', 'delete'] },
  online_progress: { api: ['delete'], worker: ['insert', 'update', 'delete'] },
  preparation: { worker: ['insert', 'update'] },
  instance: { api: ['insert', 'update', 'delete'] },
  instance_version: { api: ['insert', 'update', 'delete'] },
  prediction: { api: ['insert'] },
  serving_minute: { api: ['insert', 'update', 'delete'] },
};

/** Sequences whose numbers are drawn by a statement or a trigger with the rights of the caller. */
export const SEQUENCE_ACCESS: Readonly<Record<string, readonly LimitedRole[]>> = {
  transition_id: ['api', 'worker'],
  dataset_id_seq: ['worker'],
};

/** One privilege on a table, a column of it, or a sequence of the schema `tidegate`. */
export interface Privilege {
  readonly role: LimitedRole;
  readonly kind: 'table' | 'sequence';
  readonly relation: string;
  /** The column; null for a privilege on the whole table. */
  readonly column: string | null;
  readonly privilege: 'select' | 'insert' | 'update' | 'delete' | 'usage';
}

/** All privileges that the two tables above give. */
export function listPrivileges(): Privilege[] {
  const ofTables = Object.entries(TABLE_ACCESS).flatMap(([relation, access]) => [
    ...(access.readBy ?? LIMITED_ROLES).map((role): Privilege => ({
      role,
      kind: 'table',
      relation,
      column: null,
      privilege: 'select',
    })),
    ...(['api', 'worker'] as const).flatMap((role) =>
      (access[role] ?? []).map((each): Privilege => {
        const column = /^update\((.+)\)$/.exec(each)?.[1] ?? null;
        const privilege = column === null ? (each as 'insert' | 'update' | 'delete') : 'update';
        return { role, kind: 'table', relation, column, privilege };
      }),
    ),
  ]);
  const ofSequences = Object.entries(SEQUENCE_ACCESS).flatMap(([relation, roles]) =>
    roles.map((role): Privilege => ({ role, kind: 'sequence', relation, column: null, privilege: 'usage' })),
  );
  return [...ofTables, ...ofSequences];
}
