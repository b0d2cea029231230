// Renders Feast's own point-in-time join for Postgres from the template of the installed package.
import { type ModelDefinition } from '../domain/model/definition.ts';
import { durationOf, toMilliseconds } from '../domain/model/parts/duration.ts';
import { type Python } from './python.ts';

/** Packages for pip: Feast without its dependencies, because only its template is read, and Jinja to render it. */
export const FEAST_PACKAGES = ['--no-deps', 'feast==0.67.0', 'jinja2==3.1.6', 'markupsafe==3.0.4'];

const RENDER = `
import ast, importlib.metadata, json, sys
from jinja2 import BaseLoader, Environment
source = next(f for f in importlib.metadata.files('feast') if str(f).endswith('postgres_offline_store/postgres.py'))
template = next(ast.literal_eval(node.value) for node in ast.parse(source.read_text()).body
    if isinstance(node, ast.Assign) and node.targets[0].id == 'MULTIPLE_FEATURE_VIEW_POINT_IN_TIME_JOIN')
print(json.dumps(Environment(loader=BaseLoader()).from_string(template).render(json.loads(sys.argv[1]))))
`;

/**
 * Returns Feast's statement for the views of a definition.
 *
 * @param entities table of the entities and their times, which Feast would have uploaded
 * @param time its column of times
 */
export async function feastSql(
  python: Python,
  { entity, features }: ModelDefinition,
  entities: string,
  time: string,
): Promise<string> {
  const featureviews = features.map((view) => ({
    name: view.table,
    ttl: view.ttl === undefined ? 0 : toMilliseconds(durationOf(view.ttl)) / 1000,
    entities: entity.keys,
    features: Object.keys(view.columns),
    field_mapping: {},
    timestamp_field: view.timestamp,
    created_timestamp_column: view.known ?? '',
    table_subquery: `"${view.table}"`,
    entity_selections: entity.keys.map((key) => `"${key}" AS "${key}"`),
  }));
  const context = {
    left_table_query_string: entities,
    entity_df_event_timestamp_col: time,
    featureviews,
    full_feature_names: false,
    final_output_feature_names: [...entity.keys, time, ...featureviews.flatMap((view) => view.features)],
    use_cte: false,
  };
  return (await python(RENDER, JSON.stringify(context))) as string;
}
