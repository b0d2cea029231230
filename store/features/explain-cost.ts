// What Postgres expects a statement to cost, without running it.
import { type Queryable } from '../queryable.ts';

interface Explained {
  readonly 'QUERY PLAN': readonly { readonly Plan: { readonly 'Total Cost': number } }[];
}

/** The planner's total cost of a statement, in its own units; Infinity where it says nothing. */
export async function explainCost(client: Queryable, statement: string): Promise<number> {
  const { rows } = await client.query<Explained>(`explain (format json) ${statement}`);
  return rows[0]?.['QUERY PLAN'][0]?.Plan['Total Cost'] ?? Infinity;
}
