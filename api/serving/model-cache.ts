// The versions that this process has in memory: the one that answers for each model, and those prepared for promotion.
import { isTemporary } from '../../store/postgres/postgres-failure.ts';
import { type InstanceState } from '../../store/registry/instances.ts';
import { type Preparation, type VersionRef } from '../../store/registry/wanted-versions.ts';
import { type ServingModel } from './serving-model.ts';

/** Loads a version and checks that it can score. */
export type LoadServingModel = (ref: VersionRef) => Promise<ServingModel>;

/** A state with a mark. A new mark means that the state must be reported again, even if nothing else in it has changed. */
export interface MarkedState extends InstanceState {
  readonly mark: string;
}

interface Prepared {
  readonly requestedAt: number;
  readonly ref: VersionRef;
  readonly outcome: ServingModel | { readonly problem: string };
}

const keyOf = ({ model, version }: VersionRef): string => `${model}/${version}`;
const problemOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Follows the versions in Production. A swap is a single assignment, so a request that already has a version keeps it. If
 * a version cannot be loaded, the previous one keeps answering.
 */
export class ModelCache {
  readonly #load: LoadServingModel;
  readonly #serving = new Map<string, ServingModel>();
  readonly #prepared = new Map<string, Prepared>();
  readonly #failed = new Map<string, VersionRef & { readonly problem: string }>();

  constructor(load: LoadServingModel) {
    this.#load = load;
  }

  /** Returns the version that answers for a model, if any. */
  get(model: string): ServingModel | undefined {
    return this.#serving.get(model);
  }

  /** Returns every version that answers requests, one for each model. */
  list(): ServingModel[] {
    return [...this.#serving.values()];
  }

  /** Returns the versions in Production that could not be loaded; an earlier one may answer instead. */
  failures(): (VersionRef & { readonly problem: string })[] {
    return [...this.#failed.values()];
  }

  /**
   * Loads the versions in Production and those to prepare, and forgets all others.
   *
   * @throws the error of the load if it is temporary, for example if the database is unreachable; loaded versions stay
   */
  async follow(production: readonly VersionRef[], preparations: readonly Preparation[]): Promise<void> {
    for (const ref of production) await this.#serve(ref);
    for (const preparation of preparations) await this.#prepare(preparation);
    forget(this.#serving, new Set(production.map(({ model }) => model)));
    forget(this.#failed, new Set(production.map(({ model }) => model)));
    forget(this.#prepared, new Set(preparations.map(keyOf)));
  }

  /** Returns the state of each version in this process, as it is stored in the database. */
  states(): MarkedState[] {
    const states = new Map<string, MarkedState>();
    for (const { ref, outcome, requestedAt } of this.#prepared.values()) {
      const problem = 'problem' in outcome ? outcome.problem : null;
      const state = problem === null ? 'prepared' : 'failed';
      states.set(keyOf(ref), { ...ref, state, problem, mark: String(requestedAt) });
    }
    for (const { model, version, problem } of this.#failed.values()) {
      states.set(keyOf({ model, version }), { model, version, state: 'failed', problem, mark: '' });
    }
    for (const { model, version } of this.#serving.values()) {
      states.set(keyOf({ model, version }), { model, version, state: 'serving', problem: null, mark: '' });
    }
    return [...states.values()];
  }

  async #serve(ref: VersionRef): Promise<void> {
    if (this.#serving.get(ref.model)?.version !== ref.version) {
      const outcome = this.#ready(ref) ?? (await this.#tryLoad(ref));
      if ('problem' in outcome) {
        this.#failed.set(ref.model, { ...ref, problem: outcome.problem });
        return;
      }
      this.#serving.set(ref.model, outcome);
    }
    this.#failed.delete(ref.model);
  }

  #ready(ref: VersionRef): ServingModel | undefined {
    const outcome = this.#prepared.get(keyOf(ref))?.outcome;
    return outcome && 'score' in outcome ? outcome : undefined;
  }

  async #prepare({ model, version, requestedAt }: Preparation): Promise<void> {
    const ref = { model, version };
    if (this.#prepared.get(keyOf(ref))?.requestedAt === requestedAt.getTime()) return;
    const outcome = await this.#tryLoad(ref);
    this.#prepared.set(keyOf(ref), { requestedAt: requestedAt.getTime(), ref, outcome });
  }

  async #tryLoad(ref: VersionRef): Promise<ServingModel | { problem: string }> {
    try {
      return await this.#load(ref);
    } catch (error) {
      // A temporary error says nothing about the version itself; the next sync tries again.
      if (isTemporary(error)) throw error;
      return { problem: problemOf(error) };
    }
  }
}

function forget(map: Map<string, unknown>, kept: ReadonlySet<string>): void {
  for (const key of map.keys()) if (!kept.has(key)) map.delete(key);
}
