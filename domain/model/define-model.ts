// defineModel and view, with which a model file is written, and parseDefinition, which checks it.
import { checkNames, checkSlices, repeatedViews, unfrozenContracts, unkeepableNames } from './check-names.ts';
import { type FeatureSpec } from './parts/column.ts';
import {
  type ModelDefinition,
  modelDefinitionSchema,
  type ModelInput,
  type SourceColumn,
  sourceColumnsOf,
  type ViewInput,
} from './definition.ts';
import { checkDerived } from './check-derived.ts';
import { declaredColumnsOf } from './declared-columns.ts';
import { derivationsOf } from './derivation.ts';
import { type HoldoutPolicy } from './holdout.ts';
import { type Place, TidegateError } from '../errors.ts';

export { type SourceColumn, sourceColumnsOf } from './definition.ts';

/** Declares a feature view: a table and the columns that are read from it. @example view({ table: 'usage', timestamp: 'as_of', columns: { hours: numeric() } }) */
export const view = (input: ViewInput): ViewInput => input;

/**
 * Declares a model. The definition is checked when it is applied and not when the file is loaded, so that a mistake is
 * reported with its place instead of a stack trace.
 *
 * @example export default defineModel({ name: 'churn', ... })
 */
export const defineModel = (input: ModelInput): ModelInput => input;

/** A feature of a definition. */
export interface Feature {
  readonly name: string;
  readonly spec: FeatureSpec;
  /** Position of its view in the definition; null for a derived column. */
  readonly view: number | null;
}

/**
 * Returns the features of a definition: the columns of the views in the order in which they are written, then the
 * derived columns in the order of evaluation (`derivationsOf`).
 */
export const featuresOf = (definition: ModelDefinition): Feature[] => [
  ...sourceColumnsOf(definition).filter((column): column is Feature & SourceColumn => !column.spec.inputOnly),
  ...derivationsOf(definition).flatMap(({ name, feature }) =>
    feature.inputOnly ? [] : [{ name, spec: feature, view: null }],
  ),
];

/** Returns the critical columns: drift of a single one of them is enough reason to retrain. */
export const criticalFeatures = (definition: ModelDefinition): string[] =>
  featuresOf(definition).flatMap(({ name, spec }) => (spec.critical ? [name] : []));

/** Returns the key columns that identify a holdout cluster: by default all keys of the entity. */
export const clusterKeys = (definition: ModelDefinition): readonly string[] =>
  definition.holdout.cluster ?? definition.entity.keys;

/** Whether each entity is its own cluster, with the same key. */
export function isClusterEntity(definition: ModelDefinition): boolean {
  const { keys } = definition.entity;
  const cluster = clusterKeys(definition);
  return cluster.length === keys.length && cluster.every((key, at) => key === keys[at]);
}

/** Returns a function that extracts the cluster key from an entity key; both are JSON arrays of strings. */
export function clusterReader(definition: ModelDefinition): (entityKey: string) => string {
  if (isClusterEntity(definition)) return (entityKey) => entityKey;
  const { keys } = definition.entity;
  const positions = clusterKeys(definition).map((key) => keys.indexOf(key));
  return (entityKey) => {
    const texts = JSON.parse(entityKey) as string[];
    return JSON.stringify(positions.map((position) => texts[position]));
  };
}

/**
 * Returns the policy that decides which clusters are held out. The salt is the model's name, so that the same clusters
 * are always held out.
 */
export const holdoutPolicy = (definition: ModelDefinition): HoldoutPolicy => ({
  share: definition.holdout.share,
  salt: definition.name,
});

/**
 * Checks what a model file exports and fills in the defaults.
 *
 * @throws TidegateError INVALID_DEFINITION naming each wrong place
 */
export function parseDefinition(input: unknown): ModelDefinition {
  const unkeepable = unkeepableNames(input);
  if (unkeepable.length > 0) throw invalid(unkeepable);
  const parsed = modelDefinitionSchema.safeParse(input);
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues.map((issue) => ({
        at: issue.path.join('.') || 'the model',
        // For an invalid key, Zod's own message does not say why; the nested issue does.
        problem: (issue.code === 'invalid_key' && issue.issues[0]?.message) || issue.message,
      })),
    );
  }
  const places = [
    ...checkNames(parsed.data),
    ...repeatedViews(parsed.data),
    ...checkDerived(parsed.data),
    ...foreignClusterKeys(parsed.data),
    ...foreignViewKeys(parsed.data),
    ...unfrozenContracts(parsed.data),
    ...unknownAllowed(parsed.data),
    ...unverifiedCrowd(parsed.data),
  ];
  if (places.length > 0) throw invalid(places);
  // Last, because the list of features is only known once the derived columns have been checked.
  const slices = checkSlices(parsed.data.promotion.slices ?? [], featuresOf(parsed.data));
  if (slices.length > 0) throw invalid(slices);
  return parsed.data;
}

const invalid = (places: readonly Place[]): TidegateError =>
  new TidegateError(
    'INVALID_DEFINITION',
    `the model definition is wrong at ${places.map(({ at, problem }) => `${at}: ${problem}`).join('; ')}`,
    { places },
  );

function foreignClusterKeys(definition: ModelDefinition): Place[] {
  return clusterKeys(definition)
    .filter((key) => !definition.entity.keys.includes(key))
    .map((key) => ({ at: 'holdout.cluster', problem: `"${key}" is not one of the entity's keys` }));
}

function unknownAllowed(definition: ModelDefinition): Place[] {
  const { leakAlarm } = definition.training;
  const allow = typeof leakAlarm === 'object' ? (leakAlarm.allow ?? []) : [];
  const known = new Set(
    [...sourceColumnsOf(definition), ...declaredColumnsOf(definition)].map(({ name }) => name),
  );
  return allow
    .filter((name) => !known.has(name))
    .map((name) => ({ at: 'training.leakAlarm.allow', problem: `the model has no column ${name}` }));
}

/** Several approvals mean several people, and nobody who was not authenticated can be told apart from another. */
function unverifiedCrowd({ promotion: { approvals, unverifiedSignals } }: ModelDefinition): Place[] {
  if (approvals === 1 || unverifiedSignals === 'refuse') return [];
  const problem = `must be 'refuse' if promotion.approvals is ${approvals}: people who were not authenticated cannot be counted`;
  return [{ at: 'promotion.unverifiedSignals', problem }];
}

function foreignViewKeys({ entity, features }: ModelDefinition): Place[] {
  return features.flatMap((view, index) =>
    Object.keys(view.keys ?? {})
      .filter((key) => !entity.keys.includes(key))
      .map((key) => ({
        at: `features.${index}.keys.${key}`,
        problem: `"${key}" is not one of the entity's keys`,
      })),
  );
}
