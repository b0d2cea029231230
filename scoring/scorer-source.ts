// What a scorer is made of, read once: it can be sent to a thread, which makes its own.
import { type Artifact } from '../domain/learning/artifact.ts';
import { linearScorer, type Scorer } from '../domain/learning/scorer.ts';
import { type Database } from '../store/database.ts';
import { readArtifact } from '../store/versions/versions.ts';

/** A version's artifact, and what else scoring it takes. Fit to be sent to a thread. */
export interface ScorerSource {
  readonly artifact: Artifact;
}

/**
 * Reads what a version is scored by, checked against its digest.
 *
 * @throws TidegateError UNKNOWN_VERSION, ARTIFACT_CHANGED
 */
export async function readScorerSource(
  database: Database,
  model: string,
  version: number,
): Promise<ScorerSource> {
  return { artifact: await readArtifact(database, model, version) };
}

/** A scorer of what was read. @example (await openScorer(await readScorerSource(database, 'churn', 2))).features */
export async function openScorer({ artifact }: ScorerSource): Promise<Scorer> {
  return linearScorer(artifact);
}

/** Reads a version and opens its scorer. @throws TidegateError as `readScorerSource` does */
export const loadScorer = async (database: Database, model: string, version: number): Promise<Scorer> =>
  openScorer(await readScorerSource(database, model, version));
