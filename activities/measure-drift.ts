// Drift of a report's window: each feature against the champion's reference.
import { driftPolicyOf } from '../domain/drift/drift-policy.ts';
import { judgeWindow } from '../domain/drift/verdict.ts';
import { driftInWords, type DriftPart, notMade, unmeasured } from '../domain/decisions/report.ts';
import { openScorer, readScorerSource } from '../scoring/scorer-source.ts';
import { vouchForChunks } from '../store/datasets/chunk-digests.ts';
import { chunksOf, getDataset } from '../store/registry/dataset.ts';
import { datasetFor } from '../store/datasets/rows-for-version.ts';
import { getDefinition } from '../store/definitions/definitions.ts';
import { listProfileParts, mergeProfileParts, removeProfileParts } from '../store/profiles/profile-parts.ts';
import { withMoments } from '../store/profiles/reference-moments.ts';
import { getReportSubject, writeReportPart } from '../store/registry/reports.ts';
import { getVersion, readReference } from '../store/registry/versions.ts';
import { countWindow, referenceOf, scoreBins } from './count-window.ts';
import { type ActivityDeps } from './deps.ts';
import { followed } from './followed.ts';
import { evidentlyDrift } from './judge-by-evidently.ts';
import { otherChanges } from './other-changes.ts';
import { type InWords, NO_CHAMPION, type ReportToJudge } from './report-ref.ts';
import { tellApart } from './tell-apart.ts';

/** The step that measures drift. */
export const driftActivities = ({ database }: ActivityDeps) => ({
  /** Measures each feature of the window against the champion's reference; parts that were profiled are added up. */
  async measureDrift({ reportId, failed }: ReportToJudge): Promise<InWords> {
    const [report, parts] = await Promise.all([
      getReportSubject(database, reportId),
      listProfileParts(database, reportId),
    ]);
    const part = failed
      ? notMade('drift', failed)
      : report.championVersion === null
        ? unmeasured(NO_CHAMPION)
        : await drift(report.championVersion);
    await writeReportPart(database, reportId, 'drift', part);
    if (parts.length > 0) await removeProfileParts(database, reportId);
    return { words: driftInWords(part) };

    async function drift(championVersion: number): Promise<DriftPart> {
      const { model, datasetId, definitionVersion } = report;
      const [champion, { definition }, source, encoded, scores, frozen] = await Promise.all([
        getVersion(database, model, championVersion),
        getDefinition(database, model, definitionVersion),
        readScorerSource(database, model, championVersion),
        readReference(database, model, championVersion),
        scoreBins(database, { model, version: championVersion }),
        getDataset(database, datasetId),
      ]);
      const dataset = await datasetFor(database, frozen, champion.definitionVersion, followed());
      if (definition.drift.preset === 'evidently')
        return evidentlyDrift(database, { champion, dataset, definition });
      const decoded = referenceOf(encoded);
      if ('reason' in decoded) return decoded;
      const reference = await withMoments(database, decoded, champion.datasetId);
      const merged = await mergeProfileParts(database, reportId, parts, chunksOf(dataset));
      // Each part was read by its own digests.
      if (merged) await vouchForChunks(database, dataset);
      const { profile, scored } =
        merged ??
        (await countWindow(database, { dataset, scorer: await openScorer(source), reference, scores }));
      const policy = driftPolicyOf(definition, source.artifact);
      const { minRows } = definition.drift;
      const others = otherChanges({ reference, profile, scores, scored, minRows });
      const together = await tellApart(database, champion, dataset, definition);
      const verdict = judgeWindow(reference, profile, policy, others, together);
      return { measured: true, championVersion, verdict };
    }
  },
});
