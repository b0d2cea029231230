import { parseDefinition } from '../../../domain/model/define-model.ts';
import churn from '../../../models/churn.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { compileModel } from '../../../api/serving/compiled-model.ts';
import { ModelCache } from '../../../api/serving/model-cache.ts';
import { type ServingModel } from '../../../api/serving/serving-model.ts';
import { type VersionRef } from '../../../store/registry/wanted-versions.ts';

const version = (number: number, model = 'churn'): VersionRef => ({ model, version: number });
const asked = (number: number, at = 1) => ({ ...version(number), requestedAt: new Date(at) });

let loads: VersionRef[];
let broken: Map<number, Error>;
let cache: ModelCache;

const NO_REASON = () => ({ score: 0.5, base: 0, contributions: [] });

const load = async (ref: VersionRef): Promise<ServingModel> => {
  loads.push(ref);
  const error = broken.get(ref.version);
  if (error) throw error;
  const shape = { features: [], sources: [], derivations: [], record: () => ({}) };
  const definition = parseDefinition(churn);
  return {
    ...ref,
    definitionVersion: 1,
    entityKeys: ['user_id'],
    definition,
    shape,
    ageLimits: [],
    score: (records) => records.map(() => 0.5),
    compiled: compileModel(definition, {
      features: [],
      scoreRecords: (records) => records.map(() => 0.5),
      compile: null,
    }),
    threshold: 0.5,
    explain: NO_REASON,
  };
};

const served = () => cache.get('churn')?.version;
const states = () => cache.states().map((each) => [each.version, each.state]);

beforeEach(() => {
  loads = [];
  broken = new Map();
  cache = new ModelCache(load);
});

describe('the version in Production', () => {
  it('is loaded once and replaced when it changes', async () => {
    await cache.follow([version(1)], []);
    await cache.follow([version(1)], []);
    expect([served(), loads.length]).toEqual([1, 1]);
    await cache.follow([version(2)], []);
    expect([served(), states()]).toEqual([2, [[2, 'serving']]]);
  });

  it('is served by the previous one while it cannot be loaded', async () => {
    await cache.follow([version(1)], []);
    broken.set(2, new Error('differs from its digest'));
    await cache.follow([version(2)], []);
    expect([served(), states()]).toEqual([
      1,
      [
        [2, 'failed'],
        [1, 'serving'],
      ],
    ]);
    expect(cache.failures()).toMatchObject([{ version: 2, problem: 'differs from its digest' }]);
    broken.clear();
    await cache.follow([version(2)], []);
    expect([served(), cache.failures()]).toEqual([2, []]);
  });

  it('stays loaded while the database cannot be reached', async () => {
    await cache.follow([version(1)], []);
    broken.set(2, Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    await expect(cache.follow([version(2)], [])).rejects.toThrow('ECONNREFUSED');
    expect([served(), cache.failures()]).toEqual([1, []]);
  });

  it('is forgotten when its model has none any more', async () => {
    await cache.follow([version(1), version(1, 'fraud')], []);
    await cache.follow([version(1, 'fraud')], []);
    expect([served(), cache.list().map(({ model }) => model)]).toEqual([undefined, ['fraud']]);
  });
});

describe('a version to prepare for promotion', () => {
  it('is loaded once per request, and not again when it is promoted', async () => {
    await cache.follow([version(1)], [asked(2)]);
    await cache.follow([version(1)], [asked(2)]);
    expect(states()).toEqual([
      [2, 'prepared'],
      [1, 'serving'],
    ]);
    await cache.follow([version(2)], [asked(2)]);
    expect([served(), loads]).toEqual([2, [version(1), version(2)]]);
  });

  it('is loaded again when the request is repeated', async () => {
    broken.set(2, new Error('no'));
    await cache.follow([], [asked(2)]);
    await cache.follow([], [asked(2)]);
    expect([states(), loads.length]).toEqual([[[2, 'failed']], 1]);
    broken.clear();
    await cache.follow([], [asked(2, 2)]);
    expect(states()).toEqual([[2, 'prepared']]);
  });

  it('is forgotten when it is no longer requested', async () => {
    await cache.follow([version(1)], [asked(2)]);
    await cache.follow([version(1)], []);
    expect(states()).toEqual([[1, 'serving']]);
  });
});
