import { describe, expect, it } from 'vitest';
import { type DriftPolicy, driftPolicyOf } from '../../../domain/drift/drift-policy.ts';
import { freezeReference } from '../../../domain/data/profile/feature-reference.ts';
import { judgeWindow } from '../../../domain/drift/verdict.ts';
import { profileWindow } from '../../../domain/data/profile/window-profile.ts';
import { count, numeric } from '../../../domain/model/parts/column.ts';
import { parseDefinition, view } from '../../../domain/model/define-model.ts';
import { type ModelInput } from '../../../domain/model/definition.ts';
import { frameOf, normals, randomOf } from './frame-of.ts';

type Columns = Parameters<typeof view>[0]['columns'];

const definitionOf = (columns: Columns, more: Partial<ModelInput> = {}) =>
  parseDefinition({
    name: 'm',
    entity: { name: 'user', keys: ['id'] },
    rows: { table: 'users', timestamp: 'at' },
    features: [view({ table: 'usage', timestamp: 'at', columns })],
    label: { table: 'labels', column: 'y', timestamp: 'at' },
    monitor: { every: '1 day', window: '1 day' },
    training: { trainer: 'logistic-regression', window: '1 day' },
    promotion: {},
    ...more,
  });

const random = randomOf(8);
const reference = freezeReference(frameOf({ a: normals(2_000, random), b: normals(2_000, random) }));
const window = frameOf({ a: normals(1_500, random, 0.4), b: normals(1_500, random) });
const judge = (policy: DriftPolicy) => judgeWindow(reference, profileWindow(reference, window), policy);
const used = (a: number, b: number) => ({
  effects: [
    { feature: 'a', center: 0, spread: a },
    { feature: 'b', center: 0, spread: b },
  ],
});

describe('the policy of a column', () => {
  it('weighs all columns equally, however much the champion uses them', () => {
    const definition = definitionOf({ a: numeric(), b: numeric() });
    expect(judge(driftPolicyOf(definition, used(3, 1))).share).toBe(0.5);
  });

  it('weighs it by how much the champion uses it, in units of an average feature, with weights: usage', () => {
    const definition = definitionOf({ a: numeric(), b: numeric() }, { drift: { weights: 'usage' } });
    expect(driftPolicyOf(definition, used(3, 1)).weights).toEqual({ a: 1.5, b: 0.5 });
    expect(judge(driftPolicyOf(definition, used(3, 1)))).toMatchObject({ share: 0.75, drifted: true });
    expect(judge(driftPolicyOf(definition, used(0, 1)))).toMatchObject({ share: 0, driftedColumns: ['a'] });
    expect(judge(driftPolicyOf(definition)).share).toBe(0.5);
  });

  it('weighs by usage, without a multivariate threshold, for a definition from before there was a choice', () => {
    const { drift, ...rest } = definitionOf({ a: numeric(), b: numeric() });
    const { weights: _, multivariate: __, ...before } = drift;
    const stored = JSON.parse(JSON.stringify({ ...rest, drift: before })) as typeof rest & {
      drift: typeof drift;
    };
    expect(driftPolicyOf(stored, used(3, 1))).toMatchObject({ weights: { a: 1.5, b: 0.5 }, share: 0.3 });
    expect(driftPolicyOf(stored, used(3, 1)).multivariate).toBeUndefined();
  });

  it('uses the declared weight, if there is one', () => {
    const definition = definitionOf({
      a: numeric({ drift: { weight: 0.5 } }),
      b: numeric({ drift: { weight: 2 } }),
    });
    expect(judge(driftPolicyOf(definition, used(3, 1))).share).toBeCloseTo(0.2, 12);
  });

  it('uses the effect and the threshold that the column declares', () => {
    const byPsi = definitionOf({ a: numeric({ drift: { effect: 'psi', threshold: 0.05 } }), b: numeric() });
    const [a, b] = judge(driftPolicyOf(byPsi)).columns;
    expect(a?.signals[0]).toMatchObject({
      statistic: 'chisquare',
      effect: 'psi',
      threshold: 0.05,
      status: 'drifted',
    });
    expect(b?.signals[0]).toMatchObject({ statistic: 'ks', effect: 'wasserstein', threshold: 0.1 });
    const tolerant = definitionOf({ a: numeric({ drift: { threshold: 0.6 } }), b: numeric() });
    expect(judge(driftPolicyOf(tolerant)).driftedColumns).toEqual([]);
  });

  it('makes a window drifted if one critical column is', () => {
    const share = { drift: { share: 0.9 } };
    const definition = definitionOf({ a: numeric({ critical: true }), b: numeric() }, share);
    expect(judge(driftPolicyOf(definition))).toMatchObject({ drifted: true, criticalColumns: ['a'] });
    expect(judge(driftPolicyOf(definitionOf({ a: numeric(), b: numeric() }, share))).drifted).toBe(false);
  });

  it('applies to a derived column like to any other', () => {
    const definition = definitionOf(
      { fee: numeric({ inputOnly: true }), hours: numeric({ inputOnly: true }), b: count() },
      {
        derived: {
          a: {
            operator: 'ratio',
            inputs: ['fee', 'hours'],
            critical: true,
            drift: { weight: 3, effect: 'jensenshannon', threshold: 0.05 },
          },
        },
      },
    );
    const policy = driftPolicyOf(definition, used(1, 1));
    expect(policy).toMatchObject({
      critical: ['a'],
      weights: { a: 3 },
      effects: { a: 'jensenshannon' },
      thresholds: { a: 0.05 },
    });
    expect(judge(policy)).toMatchObject({ share: 0.75, criticalColumns: ['a'] });
  });
});

describe('the policy of a window', () => {
  it('has the default share of its preset unless it names one', () => {
    const share = (drift?: ModelInput['drift']) =>
      driftPolicyOf(definitionOf({ a: numeric() }, { ...(drift && { drift }) })).share;
    expect([share(), share({ preset: 'evidently' }), share({ preset: 'evidently', share: 0.2 })]).toEqual([
      0.3, 0.5, 0.2,
    ]);
  });

  it('includes the domain classifier unless it is turned off or a preset is named', () => {
    const policy = (drift: ModelInput['drift']) => driftPolicyOf(definitionOf({ a: numeric() }, { drift }));
    const asked = (drift: ModelInput['drift']) =>
      definitionOf({ a: numeric() }, { drift }).drift.multivariate;
    const byColumns = { rows: 4_000, seed: 1 };
    expect([asked({}), asked({ multivariate: {} })]).toEqual([byColumns, byColumns]);
    expect([asked({ multivariate: false }), asked({ preset: 'evidently' })]).toEqual([false, false]);
    expect(policy({}).multivariate).toBeUndefined();
    expect(policy({ multivariate: { threshold: 0.1 } }).multivariate).toBe(0.1);
  });
});
