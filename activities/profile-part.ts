// Profiles one part of a large window; the parts of a window run on any free workers.
import { loadScorer } from '../scoring/scorer-source.ts';
import { getDataset } from '../store/registry/dataset.ts';
import { datasetFor } from '../store/datasets/rows-for-version.ts';
import { hasProfilePart, partRange, writeProfilePart } from '../store/profiles/profile-parts.ts';
import { getReportSubject } from '../store/registry/reports.ts';
import { getVersion, readReference } from '../store/registry/versions.ts';
import { countWindow, referenceOf, scoreBins } from './count-window.ts';
import { type ActivityDeps, freezeControl } from './deps.ts';

/** One of the `parts` parts of a report's window; `part` is its number, from 0. */
export interface PartRef {
  readonly reportId: number;
  readonly part: number;
  readonly parts: number;
}

/** The step that profiles a part. */
export const profilePartActivities = ({ database }: ActivityDeps) => ({
  /** Counts a part of the window in the bins of the champion's reference and stores the counts. */
  async profilePart({ reportId, part, parts }: PartRef): Promise<void> {
    const { model, datasetId, championVersion } = await getReportSubject(database, reportId);
    if (championVersion === null) return;
    const champion = await getVersion(database, model, championVersion);
    const frozen = await getDataset(database, datasetId);
    const dataset = await datasetFor(database, frozen, champion.definitionVersion, freezeControl());
    const range = partRange(dataset, part, parts);
    if (range.first === range.end || (await hasProfilePart(database, reportId, range))) return;
    const [scorer, encoded, scores] = await Promise.all([
      loadScorer(database, model, championVersion),
      readReference(database, model, championVersion),
      scoreBins(database, champion),
    ]);
    const reference = referenceOf(encoded);
    // The step that measures drift reports a reference that cannot be read.
    if ('reason' in reference) return;
    const counting = { dataset, scorer, reference, scores };
    await writeProfilePart(database, reportId, range, await countWindow(database, counting, range));
  },
});
