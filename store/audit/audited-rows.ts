// Which rows the events of the audit log are about; the triggers of the migrations record the same columns.

/** One kind of event. */
export interface AuditedRows {
  readonly kind: string;
  /** Table in the schema tidegate. */
  readonly table: string;
  /** The column that names the model. Without it, or if it is null, the event is in the chain of the installation. */
  readonly chain?: string;
  /** The columns that identify the row. */
  readonly subject: readonly string[];
  readonly columns: readonly string[];
  /** Columns of which the SHA-256 is recorded. */
  readonly hashed?: readonly string[];
  /** The event records a change of this column; without it, the insert. A row must have an event if it is not null. */
  readonly whenChanged?: string;
  /** The kind of event that records the removal of a row; without it, rows are never removed. */
  readonly removedBy?: string;
  /** Whether rows may be deleted once they have expired. */
  readonly mayExpire?: boolean;
}

/** Every kind of event that is about a row. */
export const AUDITED_ROWS: readonly AuditedRows[] = [
  {
    kind: 'person added',
    table: 'principal',
    subject: ['id'],
    columns: ['id', 'kind', 'name', 'owner_id', 'issuer', 'subject', 'created_by', 'created_at'],
  },
  {
    kind: 'person disabled or enabled',
    table: 'principal',
    subject: ['id'],
    columns: ['id', 'disabled_at'],
    whenChanged: 'disabled_at',
  },
  {
    kind: 'key made',
    table: 'api_key',
    subject: ['id'],
    columns: ['id', 'principal_id', 'roles', 'models', 'note', 'created_by', 'created_at', 'expires_at'],
    hashed: ['hash'],
  },
  {
    kind: 'key revoked',
    table: 'api_key',
    subject: ['id'],
    columns: ['id', 'revoked_by', 'revoked_at'],
    whenChanged: 'revoked_at',
  },
  {
    kind: 'role given',
    table: 'role_binding',
    chain: 'model',
    subject: ['id'],
    columns: ['id', 'principal_id', 'oidc_group', 'role', 'model', 'granted_by', 'granted_at'],
  },
  {
    kind: 'role ended',
    table: 'role_binding',
    chain: 'model',
    subject: ['id'],
    columns: ['id', 'ended_by', 'ended_at'],
    whenChanged: 'ended_at',
  },
  {
    kind: 'signed in',
    table: 'session',
    subject: ['id_hash'],
    columns: ['id_hash', 'principal_id', 'groups', 'via', 'created_at', 'expires_at'],
    mayExpire: true,
  },
  {
    kind: 'signed out',
    table: 'session',
    subject: ['id_hash'],
    columns: ['id_hash', 'expires_at', 'ended_at'],
    whenChanged: 'ended_at',
    mayExpire: true,
  },
  {
    kind: 'sign-in link made',
    table: 'sign_in_link',
    subject: ['hash'],
    columns: ['hash', 'principal_id', 'created_at', 'expires_at'],
    mayExpire: true,
  },
  {
    kind: 'sign-in link used',
    table: 'sign_in_link',
    subject: ['hash'],
    columns: ['hash', 'expires_at', 'consumed_at'],
    whenChanged: 'consumed_at',
    mayExpire: true,
  },
  {
    kind: 'grant issued',
    table: 'action_grant',
    chain: 'model',
    subject: ['id'],
    columns: [
      'id', 'action', 'model', 'version', 'evidence_digest', 'person_id', 'person', 'owner_id', 'roles', 'groups', 'via',
      'credential', 'comment', 'created_at', 'expires_at',
    ], // prettier-ignore
  },
  {
    kind: 'definition applied',
    table: 'definition',
    chain: 'model',
    subject: ['model', 'version'],
    columns: ['model', 'version', 'digest', 'applied_by', 'grant_id', 'applied_at'],
    hashed: ['body'],
  },
  {
    kind: 'evidence stored',
    table: 'evidence',
    chain: 'model',
    subject: ['model', 'version'],
    columns: ['model', 'version', 'digest', 'champion_version', 'policy', 'expires_at', 'created_at'],
    hashed: ['body'],
  },
  {
    kind: 'grant used',
    table: 'action_grant',
    chain: 'model',
    subject: ['id'],
    columns: ['id', 'consumed_at', 'consumed_by', 'result'],
    whenChanged: 'consumed_at',
  },
  {
    kind: 'decision sent',
    table: 'decision',
    chain: 'model',
    subject: ['id'],
    columns: [
      'id', 'request', 'model', 'version', 'evidence_digest', 'decision', 'actor', 'authority', 'channel', 'comment',
      'accepted', 'refusal', 'settles', 'grant_id', 'person_id', 'workflow_id', 'run_id', 'at',
    ], // prettier-ignore
  },
  {
    kind: 'version moved',
    table: 'transition',
    chain: 'model',
    subject: ['id'],
    columns: [
      'id', 'model', 'version', 'from_stage', 'to_stage', 'reason', 'detail', 'actor', 'authority', 'evidence_digest',
      'workflow_id', 'run_id', 'at', 'hash',
    ], // prettier-ignore
  },
  {
    kind: 'serving changed',
    table: 'serving_change',
    chain: 'model',
    subject: ['id'],
    columns: ['id', 'model', 'stopped', 'reason', 'actor', 'authority', 'grant_id', 'at'],
  },
  {
    kind: 'comment written',
    table: 'version_comment',
    chain: 'model',
    subject: ['id'],
    columns: ['id', 'model', 'version', 'text', 'actor', 'authority', 'at'],
  },
  {
    kind: 'requesters recorded',
    table: 'evidence',
    chain: 'model',
    subject: ['model', 'version'],
    columns: ['model', 'version', 'requester_ids', 'requester_names'],
  },
  {
    kind: 'decision checked',
    table: 'decision',
    chain: 'model',
    subject: ['id'],
    columns: ['id', 'self_approved'],
  },
  {
    kind: 'move granted',
    table: 'transition',
    chain: 'model',
    subject: ['id'],
    columns: ['id', 'grant_id'],
    whenChanged: 'grant_id',
  },
  {
    kind: 'floor set',
    table: 'policy_floor',
    subject: ['id'],
    columns: ['id', 'policy', 'reason', 'actor', 'authority', 'grant_id', 'at'],
  },
  {
    kind: 'policy loosened',
    table: 'definition',
    chain: 'model',
    subject: ['model', 'version'],
    columns: ['model', 'version', 'loosens'],
    whenChanged: 'loosens',
  },
  {
    kind: 'definition reviewed',
    table: 'definition_review',
    chain: 'model',
    subject: ['model', 'version'],
    columns: [
      'model', 'version', 'digest', 'verdict', 'comment', 'actor', 'authority', 'grant_id', 'self', 'at',
    ], // prettier-ignore
  },
  {
    kind: 'tag set',
    table: 'tag',
    chain: 'model',
    subject: ['model', 'version', 'key'],
    columns: ['model', 'version', 'key', 'value', 'set_by', 'set_at'],
    whenChanged: 'set_at',
    removedBy: 'tag removed',
  },
  {
    kind: 'alias set',
    table: 'alias',
    chain: 'model',
    subject: ['model', 'alias'],
    columns: ['model', 'alias', 'version', 'set_by', 'set_at'],
    whenChanged: 'set_at',
    removedBy: 'alias removed',
  },
];
