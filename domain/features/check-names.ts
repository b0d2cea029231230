// Checks the names of columns: each once, and none that already means something else.
import { type Place } from '../errors.ts';
import { type ModelDefinition } from './definition.ts';
import { declaredColumnsOf } from './derived/declared.ts';
import { sourceColumnsOf } from './source-columns.ts';

/** Columns that every table of Postgres has of itself. */
const SYSTEM_COLUMNS = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);

/** Columns that statements have beside those of the definition. */
const OWN_PREFIX = 'tidegate_';

/**
 * What is wrong with the names of source and derived columns, by place. A request, an online row and a formula all name
 * a column by its name alone.
 */
export function checkNames(definition: ModelDefinition): Place[] {
  const named = [
    ...sourceColumnsOf(definition).map(({ name, view }) => ({
      name,
      at: `features.${view}.columns.${name}`,
      where: `features.${view}`,
    })),
    ...declaredColumnsOf(definition).map(({ name, view, at }) => ({
      name,
      at,
      where: view === null ? 'derived' : `features.${view}.derived`,
    })),
  ];
  const keys = new Set(definition.entity.keys);
  const seen = new Map<string, string>();
  return named.flatMap(({ name, at, where }) => {
    const first = seen.get(name);
    if (first === undefined) seen.set(name, where);
    const problem =
      first !== undefined
        ? `a feature of that name is already declared in ${first}`
        : keys.has(name)
          ? 'is a key of the entity, and a feature needs a name of its own'
          : SYSTEM_COLUMNS.has(name)
            ? 'is a system column of Postgres'
            : name.startsWith(OWN_PREFIX)
              ? `begins with ${OWN_PREFIX}, as columns that the joins add`
              : undefined;
    return problem === undefined ? [] : [{ at, problem }];
  });
}

/** Views of one name in one definition, by place: the name says which declaration models share. */
export function repeatedViews({ features }: ModelDefinition): Place[] {
  const seen = new Map<string, number>();
  return features.flatMap(({ name }, index) => {
    if (name === undefined) return [];
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    return first === undefined
      ? []
      : [{ at: `features.${index}.name`, problem: `features.${first} is already named ${name}` }];
  });
}
