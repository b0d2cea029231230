// Stores and reads models and their definition versions.
import { digestOf } from '../../domain/canonical-json.ts';
import { holdoutSchema, type ModelDefinition } from '../../domain/model/definition.ts';
import { nameProblem, printableName } from '../../domain/decisions/written-text.ts';
import { type Place, TidegateError } from '../../domain/errors.ts';
import { excerpt } from '../../domain/excerpt.ts';
import { inKyselyTransaction } from '../postgres/connections.ts';
import { type Database } from '../postgres/database.ts';
import { refuseHiddenNow } from '../join/known-guard.ts';
import { readLabelValues } from './label-values.ts';
import { checkSources } from './source-tables.ts';
import { type Kysely, type Transaction } from 'kysely';
import { differencesOf, formatValue } from '../../domain/model/differences.ts';
import { labelSchema } from '../../domain/model/schema/label-schema.ts';
import { belowFloor, type PolicyFloor } from '../../domain/decisions/policy-floor.ts';
import {
  type LoosenedRule,
  loosenedRules,
  type PolicyRules,
  policyRulesOf,
} from '../../domain/decisions/loosened-policy.ts';
import { type Tables } from '../postgres/tables.ts';
import { readPromotionPolicy } from '../registry/evidence.ts';
import { consumeGrant } from '../registry/grants.ts';
import { findFloor } from '../registry/policy-floor.ts';
import { isInForce, listWaiting, type Review, writeReview } from './reviews.ts';

/** Maximum number of models that a message names. */
const MAX_NAMES = 20;

/** A stored definition version. */
export interface StoredDefinition {
  readonly model: string;
  readonly version: number;
  readonly definition: ModelDefinition;
  readonly appliedBy: string;
  readonly appliedAt: Date;
}

/** The result of `applyDefinition`. */
export interface Applied {
  readonly version: number;
  /** False if the definition is equal to the newest version. */
  readonly changed: boolean;
  /**
   * `waiting`: it loosens the promotion policy, so the definition before it stays in force until another approver has
   * accepted this one.
   */
  readonly status: 'in force' | 'waiting';
  /** The rules that it loosens, if it waits. */
  readonly loosens: readonly LoosenedRule[];
}

/**
 * Stores a definition as the model's next version, unless it is equal to the newest. If it loosens a rule of the promotion
 * policy in force, it waits for an approver.
 *
 * @param grantId the grant with which the person applies it, which is used; absent if nobody was authenticated
 * @throws TidegateError UNKNOWN_TABLE, UNKNOWN_COLUMN, WRONG_COLUMN_TYPE; LABEL_UNREADABLE if `label.positive` does
 *   not fit the values of the label's column; FEATURES_NOT_KNOWN if `known` hides more than 5 % of a view in the
 *   newest window; INVALID_REQUEST if `appliedBy` is not a name; DEFINITION_CONFLICT if entity keys, label or holdout
 *   differ from those of the model's versions; POLICY_BELOW_FLOOR with every rule that is below the floor of the
 *   installation; GRANT_USED, GRANT_EXPIRED, GRANT_MISMATCH
 */
export async function applyDefinition(
  database: Database,
  definition: ModelDefinition,
  appliedBy: string,
  grantId?: string | null,
): Promise<Applied> {
  const problem = nameProblem('appliedBy', appliedBy);
  if (problem !== undefined) throw new TidegateError('INVALID_REQUEST', problem);
  await checkSources(database, definition);
  await readLabelValues(database, definition);
  await refuseHiddenNow(database, definition);
  return inKyselyTransaction(database, async (transaction) => {
    await transaction
      .insertInto('tidegate.model')
      .values({
        name: definition.name,
        entityKeys: JSON.stringify(definition.entity.keys),
        label: JSON.stringify(definition.label),
        holdout: JSON.stringify(definition.holdout),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    // Lock the row, so that concurrent calls number their versions one after the other.
    const model = await transaction
      .selectFrom('tidegate.model')
      .selectAll()
      .where('name', '=', definition.name)
      .forUpdate()
      .executeTakeFirstOrThrow();
    const policy = policyRulesOf(definition);
    refuseBelowFloor(definition.name, policy, (await findFloor(transaction))?.policy ?? {});
    const before = await policyInForce(transaction, definition.name);
    const loosens = before ? loosenedRules(before, policy) : [];
    const status = loosens.length > 0 ? 'waiting' : 'in force';
    await keepFixedParts(transaction, model, definition, status);

    const digest = digestOf(definition);
    const newest = await transaction
      .selectFrom('tidegate.definition as definition')
      .select(['version', 'digest', 'loosens', isInForce.as('counts')])
      .where('model', '=', definition.name)
      .orderBy('version', 'desc')
      .executeTakeFirst();
    if (newest?.digest === digest && newest.counts) {
      return { version: newest.version, changed: false, status: 'in force', loosens: [] };
    }
    const [waiting] = await listWaiting({ kysely: transaction }, definition.name);
    if (waiting?.digest === digest) {
      return { version: waiting.version, changed: false, status: 'waiting', loosens: waiting.loosens };
    }
    const version = (newest?.version ?? 0) + 1;
    const store = async (): Promise<Applied> => {
      await transaction
        .insertInto('tidegate.definition')
        .values({
          model: definition.name,
          version,
          body: JSON.stringify(definition),
          digest,
          appliedBy,
          grantId: grantId ?? null,
          loosens: loosens.length > 0 ? JSON.stringify(loosens) : null,
        })
        .execute();
      return { version, changed: true, status, loosens };
    };
    if (grantId === undefined || grantId === null) return store();
    const use = {
      action: 'apply',
      model: definition.name,
      evidenceDigest: digest,
      by: `definition ${version}`,
    } as const;
    return (await consumeGrant(transaction, grantId, use, store)).result;
  });
}

/** Returns the rules of the policy in force, never below the floor; undefined before the first definition. */
async function policyInForce(
  transaction: Transaction<Tables>,
  model: string,
): Promise<PolicyRules | undefined> {
  const current = await transaction
    .selectFrom('tidegate.definition as definition')
    .select('body')
    .where('model', '=', model)
    .where(isInForce)
    .orderBy('version', 'desc')
    .executeTakeFirst();
  if (!current) return undefined;
  const { expiresAfter } = current.body.promotion;
  return { ...(await readPromotionPolicy({ kysely: transaction }, model)), expiresAfter };
}

/** @throws TidegateError POLICY_BELOW_FLOOR */
function refuseBelowFloor(model: string, policy: PolicyRules, floor: PolicyFloor): void {
  const places = belowFloor(policy, floor);
  if (places.length === 0) return;
  const named = places.map(({ at, problem }) => `${at} ${problem}`).join('; ');
  throw new TidegateError(
    'POLICY_BELOW_FLOOR',
    `the promotion policy of ${model} is below the floor: ${named}`,
    { places },
  );
}

/**
 * Accepts or refuses a definition that waits, in the transaction of the caller. An accepted one is in force from then on.
 *
 * @throws TidegateError UNKNOWN_MODEL; POLICY_BELOW_FLOOR if the floor was raised meanwhile; DEFINITION_CONFLICT. What the
 *   database refuses is turned into an error by `refusedReview`
 */
export async function reviewDefinition(
  transaction: Transaction<Tables>,
  review: Review,
): Promise<{ readonly self: boolean }> {
  const { model: name, version, verdict } = review;
  const model = await transaction
    .selectFrom('tidegate.model')
    .selectAll()
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const written = await writeReview(transaction, review);
  if (verdict === 'accepted') {
    const { body } = await transaction
      .selectFrom('tidegate.definition')
      .select('body')
      .where('model', '=', name)
      .where('version', '=', version)
      .executeTakeFirstOrThrow();
    refuseBelowFloor(name, policyRulesOf(body), (await findFloor(transaction))?.policy ?? {});
    await keepFixedParts(transaction, model, body, 'in force');
  }
  return written;
}

/** Lists the names of all models, sorted. */
export async function listModels(database: Database): Promise<string[]> {
  const rows = await database.kysely.selectFrom('tidegate.model').select('name').orderBy('name').execute();
  return rows.map(({ name }) => name);
}

/**
 * Returns the requested definition version of a model, or the newest that is in force.
 *
 * @throws TidegateError UNKNOWN_MODEL with the names of the existing models; UNKNOWN_VERSION if the model has no such
 *   definition
 */
export async function getDefinition(
  database: Database,
  model: string,
  version?: number,
): Promise<StoredDefinition> {
  const all = database.kysely
    .selectFrom('tidegate.definition as definition')
    .selectAll()
    .where('model', '=', model);
  const query = version === undefined ? all.where(isInForce) : all.where('version', '=', version);
  const row = await query.orderBy('version', 'desc').executeTakeFirst();
  if (!row) {
    const names = await listModels(database);
    if (version !== undefined && names.includes(model)) {
      throw new TidegateError('UNKNOWN_VERSION', `${model} has no definition ${version}`, {
        remedy: `\`tidegate features describe ${model}\` shows the newest.`,
      });
    }
    const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
    const known =
      names.length > 0
        ? `there are ${names.slice(0, MAX_NAMES).join(', ')}${more}`
        : 'none has been applied yet';
    throw new TidegateError('UNKNOWN_MODEL', `there is no model "${excerpt(model)}"; ${known}`);
  }
  return {
    model: row.model,
    version: row.version,
    definition: row.body,
    appliedBy: printableName(row.appliedBy),
    appliedAt: row.appliedAt,
  };
}

/** The entity keys, label and holdout of a model, as its row stores them; they are fixed once it has a version. */
interface FixedParts {
  readonly entityKeys: readonly string[];
  readonly label: unknown;
  readonly holdout: unknown;
}

/**
 * Refuses a definition whose entity keys, label or holdout differ from those of the model, because its versions are
 * compared on one holdout with one label. As long as the model has no version and no retrain is open, a definition
 * may still change them, and the model then has the keys, label and holdout of that definition.
 *
 * @param transaction has locked the model's row
 * @throws TidegateError DEFINITION_CONFLICT with the old and the new value of each changed field
 */
async function keepFixedParts(
  transaction: Kysely<Tables>,
  model: FixedParts & { readonly name: string },
  definition: ModelDefinition,
  status: Applied['status'],
): Promise<void> {
  const before = { keys: model.entityKeys, ...meaningOf(model.label, model.holdout, model.entityKeys) };
  const now = {
    keys: definition.entity.keys,
    ...meaningOf(definition.label, definition.holdout, definition.entity.keys),
  };
  const changed = differencesOf(before, now);
  if (changed.length === 0) return;
  const fixedBy = await fixedBecause(transaction, model.name);
  if (fixedBy === undefined) {
    // A definition that waits changes nothing yet.
    if (status === 'waiting') return;
    await transaction
      .updateTable('tidegate.model')
      .set({
        entityKeys: JSON.stringify(definition.entity.keys),
        label: JSON.stringify(definition.label),
        holdout: JSON.stringify(definition.holdout),
      })
      .where('name', '=', model.name)
      .execute();
    return;
  }
  const places = changed.map((difference): Place => {
    const at = difference.at === 'keys' ? 'entity.keys' : difference.at;
    const problem = `was ${formatValue(difference.before)} and cannot become ${formatValue(difference.now)}`;
    return { at, problem };
  });
  throw new TidegateError(
    'DEFINITION_CONFLICT',
    `${definition.name} ${fixedBy.reason}: ${places.map(({ at, problem }) => `${at} ${problem}`).join('; ')}`,
    { places, remedy: fixedBy.remedy },
  );
}

/** Returns why the entity keys, label and holdout of a model cannot change now; undefined if they can. */
async function fixedBecause(
  transaction: Kysely<Tables>,
  model: string,
): Promise<{ reason: string; remedy: string } | undefined> {
  const version = await transaction
    .selectFrom('tidegate.version')
    .select('version')
    .where('model', '=', model)
    .limit(1)
    .executeTakeFirst();
  if (version) {
    return {
      reason: 'has versions',
      remedy:
        `Take the change back, or apply it under another name (all versions of a model are compared on one holdout by one label) ` +
        `and, once the new model serves, \`tidegate retire ${model}\`.`,
    };
  }
  const retrain = await transaction
    .selectFrom('tidegate.retrain')
    .select('id')
    .where('model', '=', model)
    .where('finishedAt', 'is', null)
    .executeTakeFirst();
  return (
    retrain && {
      reason: `is being trained (retrain ${retrain.id})`,
      remedy: 'Wait for the retrain to end, or cancel it, and apply again.',
    }
  );
}

/** Fills in the defaults of label and holdout, so that a default that is spelt out equals one that is left out. */
function meaningOf(label: unknown, holdout: unknown, keys: readonly string[]): object {
  const { cluster, ...rest } = holdoutSchema.parse(holdout);
  const isEntity = cluster === undefined || differencesOf(cluster, keys).length === 0;
  return { label: labelSchema.parse(label), holdout: { ...rest, ...(!isEntity && { cluster }) } };
}
