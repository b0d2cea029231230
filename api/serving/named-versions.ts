// Versions that requests name, although they are not the ones that answer for their model.
import { makeServingModel, type ServingModel } from './serving-model.ts';
import { type Database } from '../../store/postgres/database.ts';
import { everInProduction } from '../../store/registry/roll-back.ts';
import { loadVersion } from '../../scoring/scorer-source.ts';

/** How many of these versions a process keeps in memory; the one that was asked for least recently is dropped. */
const MAX_KEPT = 16;

/** A version that can answer, and who may ask it. */
export interface NamedVersion {
  readonly model: ServingModel;
  /** Whether it has been in Production; if not, nobody has approved that it answers. */
  readonly wasInProduction: boolean;
}

/** Loads versions when they are asked for, and keeps a few. */
export class NamedVersions {
  readonly #database: Database;
  readonly #kept = new Map<string, Promise<NamedVersion>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Returns a version of a model. @throws TidegateError UNKNOWN_VERSION, ARTIFACT_CHANGED */
  get(model: string, version: number): Promise<NamedVersion> {
    const key = `${version}/${model}`;
    const loading = this.#kept.get(key) ?? this.#load(model, version);
    this.#kept.delete(key);
    this.#kept.set(key, loading);
    // A version that could not be loaded, or that may come into Production later, is read again.
    const forget = (): void => {
      if (this.#kept.get(key) === loading) this.#kept.delete(key);
    };
    loading.then(({ wasInProduction }) => (wasInProduction ? undefined : forget()), forget);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return loading;
  }

  async #load(model: string, version: number): Promise<NamedVersion> {
    const loaded = await loadVersion(this.#database, model, version);
    const wasInProduction = await everInProduction(this.#database.kysely, model, version);
    return { model: await makeServingModel(loaded), wasInProduction };
  }
}
