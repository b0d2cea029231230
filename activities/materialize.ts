// Brings the online rows of every definition in use up to date, and removes the online rows of all other definitions.
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { getDataset } from '../store/registry/dataset.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { definitionsInUse, keepsOnlineRows } from '../store/online/definitions-in-use.ts';
import { materialize } from '../store/online/materialize.ts';
import { removeUnusedRows } from '../store/online/remove-unused-rows.ts';
import { describeMaterialized, type MaterializeScope } from '../domain/data/materialized.ts';
import { definitionsAhead, newestWatermark } from '../store/online/watermark.ts';
import { getComparison } from '../store/registry/comparisons.ts';
import { getGrant, openWithGrant } from '../store/registry/grants.ts';
import { getVersion } from '../store/registry/versions.ts';
import { type ActivityDeps, currentRun } from './deps.ts';
import { type MaterializedDefinition } from '../workflows/protocol/messages.ts';

/** Which definition's online rows to bring up to date, and the instant as of which the rows are to be. */
export interface DefinitionRows {
  readonly model: string;
  readonly definitionVersion: number;
  /** ISO 8601. */
  readonly asOf: string;
  readonly scope: MaterializeScope;
}

/** The steps that maintain online rows. */
export const materializeActivities = ({ database }: ActivityDeps) => {
  const bring = async (input: DefinitionRows): Promise<MaterializedDefinition> => {
    const { model, definitionVersion, asOf, scope } = input;
    const done = await materialize(database, {
      source: await getDefinition(database, model, definitionVersion),
      asOf: new Date(asOf),
      scope,
      onProgress: (progress) => heartbeat({ definitionVersion, ...progress }),
      signal: cancellationSignal(),
    });
    const words = `definition ${definitionVersion}: ${describeMaterialized(done)}`;
    return { ...done, definitionVersion, asOf: done.asOf.toISOString(), words };
  };

  return {
    /**
     * Uses the grant of the person who started the run, and returns the person's name.
     *
     * @throws UNKNOWN_GRANT, GRANT_MISMATCH, GRANT_USED, GRANT_EXPIRED
     */
    async useMaterializeGrant({
      model,
      grantId,
    }: {
      model: string;
      grantId: string;
    }): Promise<{ person: string }> {
      const { workflowId, runId } = currentRun();
      const by = `materialize ${workflowId}/${runId}`;
      await openWithGrant(database, grantId, { action: 'materialize', model, by }, () => Promise.resolve());
      return { person: (await getGrant(database.kysely, grantId)).person };
    },

    /**
     * Returns the definitions to bring up to date: those in use, or the newest if there is no candidate yet; for a
     * reset also the definitions that have online rows as of a future instant. Definitions without online rows are left
     * out.
     */
    async definitionsToMaterialize({
      model,
      reset = false,
    }: {
      model: string;
      reset?: boolean;
    }): Promise<{ versions: number[] }> {
      const newest = await getDefinition(database, model);
      const inUse = await definitionsInUse(database.kysely, model);
      const versions = inUse.length > 0 ? inUse : [newest.version];
      const ahead = reset ? await definitionsAhead(database, model) : [];
      const keeping: number[] = [];
      for (const version of new Set([...versions, ...ahead])) {
        if (await keepsOnlineRows(database.kysely, model, version)) keeping.push(version);
      }
      return { versions: keeping };
    },

    /**
     * Brings the online rows of one definition up to date as of an instant; a retry continues where the previous
     * attempt stopped.
     */
    materializeDefinition: bring,

    /**
     * Brings the online rows of a candidate's definition up to date, as of the end of the window on which the candidate
     * was compared, or as of the instant of the model's newest online rows if that is later, so that no entity gets an
     * older row when the version changes.
     */
    async materializeOnline({
      model,
      version,
    }: {
      model: string;
      version: number;
    }): Promise<{ words: string }> {
      const { definitionVersion } = await getVersion(database, model, version);
      if (!(await keepsOnlineRows(database.kysely, model, definitionVersion)))
        return { words: `no online rows: definition ${definitionVersion} says online: 'off'` };
      const { datasetId } = await getComparison(database, model, version);
      const { window } = await getDataset(database, datasetId);
      const newest = (await newestWatermark(database, model)) ?? window.to;
      const asOf = (newest > window.to ? newest : window.to).toISOString();
      const { words } = await bring({ model, definitionVersion, asOf, scope: { kind: 'increment' } });
      return { words: `online rows of ${words}` };
    },

    /** Removes the online rows of unused definitions. */
    async removeUnusedOnlineRows({ model }: { model: string }): Promise<{ removed: number[] }> {
      const removed = await removeUnusedRows(database, model, {
        onProgress: (progress) => heartbeat(progress),
        signal: cancellationSignal(),
      });
      return { removed };
    },
  };
};
