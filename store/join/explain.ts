// What Postgres' planner expects of a statement, without running it.
import { type Queryable } from '../postgres/sql-text.ts';

/** The top of a plan. */
export interface ExplainedPlan {
  /** In the planner's units. */
  readonly 'Total Cost': number;
  /** Estimated number of rows. */
  readonly 'Plan Rows': number;
}

interface Explained {
  readonly 'QUERY PLAN': readonly { readonly Plan: ExplainedPlan }[];
}

/** Returns the planner's estimates for a statement; undefined if the plan has none. */
export async function explain(client: Queryable, statement: string): Promise<ExplainedPlan | undefined> {
  const { rows } = await client.query<Explained & Record<string, never>>(
    `explain (format json) ${statement}`,
  );
  return rows[0]?.['QUERY PLAN'][0]?.Plan;
}
