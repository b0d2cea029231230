// Types of the tables about people and what they may do, decide and say; migrations/tidegate creates the tables.
import { type ColumnType, type Generated } from 'kysely';
import { type GrantedAction, type GrantVia } from '../../domain/decisions/grant.ts';
import { type PolicyFloor } from '../../domain/decisions/policy-floor.ts';
import { type NotificationFacts } from '../../domain/notifications.ts';
import { type Role } from '../../domain/identity/roles.ts';
import { type Json, type NullableJson, type NullableTimestamp, type Timestamp } from './column-types.ts';

/** Row types, by table name. */
export interface GovernanceTables {
  'tidegate.action_grant': {
    id: string;
    action: GrantedAction;
    model: string;
    version: number | null;
    evidenceDigest: string | null;
    personId: number;
    person: string;
    ownerId: number | null;
    /** Who answers for the action: the owner of a service account, otherwise the person. */
    answerableId: ColumnType<number, never, never>;
    roles: string[];
    groups: Generated<string[]>;
    via: GrantVia;
    credential: string;
    comment: string;
    createdAt: Generated<Date>;
    expiresAt: Timestamp;
    consumedAt: NullableTimestamp;
    consumedBy: string | null;
    result: NullableJson<unknown>;
  };
  'tidegate.policy_floor': {
    id: Generated<number>;
    policy: Json<PolicyFloor>;
    reason: string;
    actor: string;
    authority: string;
    grantId: string;
    at: Generated<Date>;
  };
  'tidegate.definition_review': {
    model: string;
    version: number;
    /** Digest of the definition that the person read. */
    digest: string;
    verdict: 'accepted' | 'refused';
    comment: string;
    actor: string;
    authority: string;
    /** Null if nobody was authenticated. */
    grantId: string | null;
    /** Whether the person who applied the definition accepted it; the database fills it in. */
    self: Generated<boolean>;
    at: Generated<Date>;
  };
  'tidegate.notice_request': {
    id: Generated<number>;
    eventId: string;
    type: string;
    model: string;
    /** Null for a replay. */
    facts: NullableJson<NotificationFacts>;
    /** Who asked for a replay. */
    requestedBy: string | null;
    at: Generated<Date>;
    startedAt: NullableTimestamp;
  };
  'tidegate.notification': {
    id: string;
    type: string;
    model: string;
    /** As it is sent. */
    body: string;
    at: Generated<Date>;
  };
  'tidegate.notification_delivery': {
    id: Generated<number>;
    notificationId: string;
    target: string;
    /** The run that sent it; a replay is a run of its own. */
    runId: string;
    attempt: number;
    status: 'delivered' | 'failed' | 'refused';
    /** Null if there was no answer. */
    responseCode: number | null;
    /** Null if it was delivered. */
    error: string | null;
    latencyMs: number;
    /** Null if there is no further attempt. */
    nextAttemptAt: Date | null;
    at: Generated<Date>;
  };
  'tidegate.serving_change': {
    id: Generated<number>;
    model: string;
    /** Whether predictions are refused from then on. */
    stopped: boolean;
    reason: string;
    actor: string;
    /** How the actor was established, such as `key`; `unverified` if the name is only claimed. */
    authority: string;
    /** Null if nobody was authenticated. */
    grantId: string | null;
    at: Generated<Date>;
  };
  /** Written by triggers only. */
  'tidegate.audit_event': {
    /** The model, or '' for the installation. */
    chain: string;
    position: number;
    kind: string;
    subject: string;
    actor: string;
    body: unknown;
    at: Date;
    previousHash: string;
    hash: string;
  };
  'tidegate.tag': {
    model: string;
    /** 0 for the model itself. */
    version: number;
    /** Empty for the description. */
    key: string;
    value: string;
    setBy: string;
    setAt: ColumnType<Date, Date | undefined, Date>;
  };
  'tidegate.alias': {
    model: string;
    alias: string;
    version: number;
    setBy: string;
    setAt: ColumnType<Date, Date | undefined, Date>;
  };
  'tidegate.version_comment': {
    id: Generated<number>;
    model: string;
    version: number;
    text: string;
    actor: string;
    authority: string;
    at: Generated<Date>;
  };
  'tidegate.principal': {
    id: Generated<number>;
    kind: 'person' | 'service';
    name: string;
    ownerId: number | null;
    issuer: string | null;
    subject: string | null;
    createdBy: number | null;
    createdAt: Generated<Date>;
    disabledAt: NullableTimestamp;
  };
  'tidegate.api_key': {
    id: string;
    principalId: number;
    hash: Buffer;
    roles: Role[];
    models: string[] | null;
    note: Generated<string>;
    createdBy: number | null;
    createdAt: Generated<Date>;
    expiresAt: Timestamp;
    revokedBy: number | null;
    revokedAt: NullableTimestamp;
    lastUsedAt: NullableTimestamp;
  };
  'tidegate.role_binding': {
    id: Generated<number>;
    principalId: number | null;
    oidcGroup: string | null;
    role: Role;
    model: string | null;
    grantedBy: number | null;
    grantedAt: Generated<Date>;
    endedBy: number | null;
    endedAt: NullableTimestamp;
  };
  'tidegate.session': {
    idHash: Buffer;
    principalId: number;
    csrfHash: Buffer;
    groups: string[];
    via: 'oidc' | 'link' | 'device';
    createdAt: Generated<Date>;
    expiresAt: Timestamp;
    endedAt: NullableTimestamp;
  };
  'tidegate.sign_in_link': {
    hash: Buffer;
    principalId: number;
    createdAt: Generated<Date>;
    expiresAt: Timestamp;
    consumedAt: NullableTimestamp;
  };
  'tidegate.identity_generation': { singleton: Generated<boolean>; generation: number };
}
