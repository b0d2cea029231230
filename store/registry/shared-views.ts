// Views that several models declare under the same name: which models, and whether the declarations agree.
import { sql } from 'kysely';
import { differencesOf, type Difference } from '../../domain/model/differences.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { viewSchema } from '../../domain/model/schema/view-schema.ts';
import { type Database } from '../postgres/database.ts';

/** Another model that declares a view with the same name. */
export interface ViewUse {
  readonly model: string;
  /** Number of the model's newest definition. */
  readonly definitionVersion: number;
  readonly appliedAt: Date;
  /**
   * Where the declarations differ: `before` is the value in the other model, `now` is the value in this one. Empty if
   * they agree.
   */
  readonly differences: readonly Difference[];
  /**
   * Number of the newest earlier definition of the other model whose declaration agreed with this one. The other
   * model has changed its declaration since then. Null if no definition agreed.
   */
  readonly agreedUntil: number | null;
}

/** A named view of a definition, and the other models that declare one with the same name. */
export interface SharedView {
  readonly view: string;
  readonly uses: readonly ViewUse[];
}

interface Declared {
  readonly model: string;
  readonly version: number;
  readonly appliedAt: Date;
  /** Whether it is the newest definition of its model. */
  readonly isNewest: boolean;
  readonly view: unknown;
}

/**
 * Returns the named views of a definition, each with the other models whose newest definition has a view of that name,
 * ordered by model.
 *
 * @example await findSharedViews(database, definition)
 * // [{ view: 'usage', uses: [{ model: 'upsell', definitionVersion: 2, differences: [], … }] }]
 */
export async function findSharedViews(
  database: Database,
  definition: ModelDefinition,
): Promise<SharedView[]> {
  const named = definition.features.flatMap((view) =>
    view.name === undefined ? [] : [{ ...view, name: view.name }],
  );
  if (named.length === 0) return [];
  const names = named.map(({ name }) => name);
  const { rows } = await sql<Declared & { readonly name: string }>`
    select declared.*, view ->> 'name' as name, view
    from (
      select model, version, applied_at as "appliedAt", body,
             version = max(version) over (partition by model) as "isNewest"
      from tidegate.definition d
      where model <> ${definition.name} and tidegate.in_force(d)
    ) declared cross join lateral json_array_elements(body -> 'features') view
    where view ->> 'name' = any(${names}::text[])
    order by model, version desc`.execute(database.kysely);
  return named.map((view) => {
    const declared = rows.filter(({ name }) => name === view.name);
    const uses = declared
      .filter(({ isNewest }) => isNewest)
      .map(({ model, version, appliedAt, view: theirs }) => {
        const differences = differencesOf(filled(theirs), view);
        const same = declared.find(
          (earlier) =>
            earlier.model === model &&
            !earlier.isNewest &&
            differencesOf(filled(earlier.view), view).length === 0,
        );
        const agreedUntil = differences.length === 0 ? null : (same?.version ?? null);
        return { model, definitionVersion: version, appliedAt, differences, agreedUntil };
      });
    return { view: view.name, uses };
  });
}

/** Fills in today's defaults, so that a view stored by an earlier release without them compares as equal. */
function filled(view: unknown): unknown {
  const parsed = viewSchema.safeParse(view);
  return parsed.success ? parsed.data : view;
}
