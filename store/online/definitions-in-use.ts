// Finds which definitions of a model need online rows.
import { type Kysely, sql } from 'kysely';
import { keepsOnline } from '../../domain/model/definition.ts';
import { type Tables } from '../postgres/tables.ts';
import { championBefore } from '../registry/stage-moves.ts';

/** How long the online rows of a version that left Production are kept and kept up to date. */
export const ROLLBACK_REACH = '30 days';

/**
 * Returns the definitions with which a version serves predictions or may have to: those of versions in Staging and
 * Production, of the version that a rollback returns to, of versions that left Production within 30 days, and of
 * candidates whose retrain is open.
 *
 * @returns definition versions, ascending; empty before the first candidate
 */
export async function definitionsInUse(kysely: Kysely<Tables>, model: string): Promise<number[]> {
  const versions = await kysely
    .selectFrom('tidegate.version as version')
    .innerJoin('tidegate.retrain as retrain', 'retrain.id', 'version.retrainId')
    .select(['version.version', 'version.stage', 'version.definitionVersion as definition'])
    .select('retrain.finishedAt as closedAt')
    .where('version.model', '=', model)
    .execute();
  const champion = versions.find(({ stage }) => stage === 'Production');
  const before = champion && (await championBefore(kysely, model, champion.version));
  const left = await recentlyInProduction(kysely, model);
  const inUse = versions.filter(
    ({ version, stage, closedAt }) =>
      stage === 'Production' ||
      stage === 'Staging' ||
      (stage === 'None' && closedAt === null) ||
      version === before ||
      left.has(version),
  );
  return [...new Set(inUse.map(({ definition }) => definition))].sort((one, other) => one - other);
}

/** Returns whether a definition keeps online rows; false if it says `online: 'off'` or does not exist. */
export async function keepsOnlineRows(
  kysely: Kysely<Tables>,
  model: string,
  definitionVersion: number,
): Promise<boolean> {
  const row = await kysely
    .selectFrom('tidegate.definition')
    .select('body')
    .where('model', '=', model)
    .where('version', '=', definitionVersion)
    .executeTakeFirst();
  return row !== undefined && keepsOnline(row.body);
}

async function recentlyInProduction(kysely: Kysely<Tables>, model: string): Promise<ReadonlySet<number>> {
  const rows = await kysely
    .selectFrom('tidegate.transition')
    .select('version')
    .where('model', '=', model)
    .where('fromStage', '=', 'Production')
    .where('at', '>', sql<Date>`now() - ${ROLLBACK_REACH}::interval`)
    .execute();
  return new Set(rows.map(({ version }) => version));
}
