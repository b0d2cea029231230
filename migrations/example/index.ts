// Migrations of the worked example's source tables, in order; kept apart from Tidegate's own schema.
import * as streamflow from './0001-streamflow.ts';

/** The history of the example's tables in `public`; which of them ran is noted in Tidegate's schema. */
export const exampleMigrations = {
  schema: 'tidegate',
  table: 'example_migration',
  migrations: { '0001-streamflow': streamflow },
};
