// Versions with calibration and their own threshold: registered, compared at their thresholds, described, and trained again.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { repeatTraining } from '../../activities/repeat-training.ts';
import { readConfig } from '../../cli/shared/config.ts';
import { Output } from '../../cli/output/output.ts';
import { buildProgram } from '../../cli/program.ts';
import { cardInMarkdown } from '../../domain/decisions/card/card-in-markdown.ts';
import { modelCard } from '../../domain/decisions/card/model-card.ts';
import { digestOf } from '../../domain/canonical-json.ts';
import { type ModelInput } from '../../domain/model/definition.ts';
import { type Repetition } from '../../domain/learning/repetition.ts';
import { applyDefinition, getDefinition } from '../../store/definitions/definitions.ts';
import { cardFacts } from '../../store/card-facts.ts';
import { getVersion, listVersions, readArtifact } from '../../store/registry/versions.ts';
import { failureOf } from '../helpers/failures.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';
import { retrainableModel, type RetrainableModel, type UserRow } from '../helpers/retrainable-model.ts';
import { randomOf } from '../unit/drift/frame-of.ts';

const JANUARY = '2024-01-15T00:00:00Z';

let database: MigratedDatabase;
let folder: string;
let databaseUrl: string;
let model: RetrainableModel;
beforeAll(async () => {
  database = await migratedDatabase();
  folder = await mkdtemp(join(tmpdir(), 'tidegate-cli-'));
  const { rows } = await database.pool.query<{ name: string }>('select current_database() as name');
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${rows[0]?.name}`;
  databaseUrl = url.href;
  model = await retrainableModel(
    database,
    'operated',
    definition({ classWeight: { positive: 6, negative: 1 } }),
  );
  await model.add(users(2_400));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await database.drop();
});
afterEach(() => {
  process.exitCode = 0;
});

const definition = (training: Partial<ModelInput['training']>): Partial<ModelInput> => ({
  holdout: { share: 0.5 },
  training: {
    trainer: 'logistic-regression',
    window: '1 month',
    calibration: 'auto',
    threshold: { cost: { falsePositive: 1, falseNegative: 4 } },
    ...training,
  },
});

/** Users, about a fifth of whom leave, more often with more hours. */
function users(count: number): UserRow[] {
  const random = randomOf(4);
  return Array.from({ length: count }, (_, index) => {
    const hours = 10 * random();
    const gone = random() < 1 / (1 + Math.exp(6.5 - hours));
    return { user: `u${index}`, at: JANUARY, hours, plan: index % 2 === 0 ? 'a' : 'b', gone };
  });
}

/** Runs one command and returns its standard output. */
async function tidegate(...args: string[]): Promise<string> {
  let said = '';
  const stdout = { write: (text: string) => (said += text) };
  const output = new Output({ stdout, stderr: { write: () => undefined } });
  const config = readConfig({ DATABASE_URL: databaseUrl, TIDEGATE_DATA_DIR: folder });
  await buildProgram({ config: () => config, output }).parseAsync(args, { from: 'user' });
  return said;
}

const verify = async (version: number): Promise<Repetition> =>
  JSON.parse(await tidegate('version', 'verify', 'operated', String(version), '--json')) as Repetition;

describe('a version fitted with class weights', () => {
  test('is calibrated, has a threshold chosen by cost, and is compared with the class prior at that threshold', async () => {
    const { version, comparison } = await model.retrain(JANUARY);
    const artifact = await readArtifact(database, 'operated', version);
    expect(artifact.calibration).toMatchObject({ asked: 'auto', map: { kind: 'platt' } });
    expect(comparison.body.mcnemar!.cuts).toEqual({ champion: 0.5, candidate: artifact.threshold!.cut });
    // The mean score equals the share of positives; without calibration the weights would have doubled it.
    expect(comparison.body.candidate.ece).toBeLessThan(0.05);
    expect(await listVersions(database, 'operated')).toMatchObject([
      { version, cut: artifact.threshold!.cut, calibration: 'platt' },
    ]);
    await model.produce(version);
  });

  test('is compared with a candidate of another threshold, each at its own', async () => {
    const thresholdOf = async (of: number) => (await readArtifact(database, 'operated', of)).threshold!.cut;
    const { definition: before } = await getDefinition(database, 'operated');
    const training = { ...before.training, threshold: { recall: 0.5 } };
    await applyDefinition(database, { ...before, training }, 'ada');
    const { version, comparison } = await model.retrain(JANUARY);
    await applyDefinition(database, before, 'ada');
    const cuts = { champion: await thresholdOf(1), candidate: await thresholdOf(version) };
    expect(comparison.body.mcnemar!.cuts).toEqual(cuts);
    expect(cuts.candidate).toBeGreaterThan(cuts.champion + 0.05);
    // The scores are the same and only the decisions differ.
    expect(comparison.body.difference.value).toBe(0);
  });

  test('has a card that describes calibration and threshold, and says that explanations are before calibration', async () => {
    const card = modelCard(await cardFacts(database, 'operated', 1), ['hours', 'plan']);
    const text = cardInMarkdown(card);
    expect(text).toMatch(
      /Calibration: platt, significantly better than any simpler map: platt changes the out-of-fold log loss/,
    );
    expect(text).toMatch(/Threshold: says yes from 0\.\d+ on \(cost 1 for a false yes, 4 for a false no\)/);
    expect(card.limits).toContain('Explanations are in log-odds before calibration.');
    expect(card.limits.join()).not.toContain('no operating threshold');
  });

  test('is refused without calibration by the calibration guard, because the champion has calibrated scores', async () => {
    const { definition: before } = await getDefinition(database, 'operated');
    const training = { ...before.training, calibration: 'none' as const };
    await applyDefinition(database, { ...before, training }, 'ada');
    const { comparison } = await model.retrain(JANUARY);
    const { candidate, champion } = comparison.body;
    expect(candidate.ece).toBeGreaterThan(0.15);
    expect(champion.ece).toBeLessThan(0.05);
    expect(comparison.decision).toMatchObject({ promote: false, outcome: 'guard broken' });
    expect(comparison.decision.reason).toMatch(/^log loss is .* significantly worse and beyond 0\.05/);
    await applyDefinition(database, before, 'ada');
  });
});

describe('training again', () => {
  test('produces the same bytes, and says on which platforms', async () => {
    const { artifactDigest } = await getVersion(database, 'operated', 1);
    const control = { signal: new AbortController().signal, onProgress: (): void => undefined };
    const again = await repeatTraining(database, await getVersion(database, 'operated', 1), control);
    expect(digestOf(again)).toBe(artifactDigest);
    const here = { os: process.platform, arch: process.arch };
    expect(await verify(1)).toMatchObject({
      digest: artifactDigest,
      repeatedDigest: artifactDigest,
      sameBytes: true,
      holds: true,
      trainedOn: here,
      repeatedOn: here,
      words: 'the same bytes',
    });
    expect(process.exitCode).not.toBe(1);
    expect(await tidegate('version', 'verify', 'operated', '1')).toMatch(
      /^version 1 of operated: trained on \w+ \w+, Node \d+, artifact [0-9a-f]{64}\ntrained again on .* from dataset \d+, \d+ training rows: artifact [0-9a-f]{64}\nthe same bytes\n$/,
    );
  });

  test('of a version with other coefficients exits with 1, unless another platform explains a difference within 1e-9', async () => {
    const nudged = async (by: number, platform: string): Promise<Repetition> => {
      const { rows } = await database.pool.query<{ artifact: { coefficients: number[] } }>(
        `select artifact from tidegate.version where model = 'operated' and version = 1`,
      );
      const { artifact } = rows[0]!;
      const [first = 0, ...rest] = artifact.coefficients;
      const other = { ...artifact, coefficients: [first * (1 + by), ...rest] };
      await database.pool.query(
        `insert into tidegate.retrain (id, model, trigger, requested_by, workflow_id, run_id)
         values ($1, 'operated', 'manual', 'ada', 'w', 'r')`,
        [`nudged-${by}-${platform}`],
      );
      const { rows: made } = await database.pool.query<{ version: number }>(
        `insert into tidegate.version (model, version, definition_version, retrain_id, dataset_id, trainer, artifact,
           artifact_digest, reference, tuning, trained_on)
         select model, (select max(version) + 1 from tidegate.version where model = 'operated'), definition_version, $1,
           dataset_id, trainer, $2, $3, reference, tuning, jsonb_set(trained_on, '{arch}', $4)
         from tidegate.version where model = 'operated' and version = 1 returning version`,
        [`nudged-${by}-${platform}`, JSON.stringify(other), digestOf(other), JSON.stringify(platform)],
      );
      return verify(made[0]!.version);
    };
    const here = await nudged(1e-12, process.arch);
    expect(here).toMatchObject({ sameBytes: false, holds: false });
    expect(process.exitCode).toBe(1);
    process.exitCode = 0;
    const elsewhere = await nudged(1e-12, 'abacus');
    expect(elsewhere).toMatchObject({ sameBytes: false, holds: true, trainedOn: { arch: 'abacus' } });
    expect(elsewhere).toMatchObject({
      words: expect.stringMatching(/^different bytes, on another platform/) as string,
    });
    expect(process.exitCode).not.toBe(1);
    const far = await nudged(1e-6, 'abacus');
    expect(far).toMatchObject({ sameBytes: false, holds: false });
    expect(process.exitCode).toBe(1);
  });

  test('from rows that retention deleted is refused and says when they were deleted', async () => {
    await database.pool.query(
      `with gone as (
         update tidegate.dataset set expired_at = '2026-11-01Z' where id = (
           select dataset_id from tidegate.version where model = 'operated' and version = 1)
         returning id)
       delete from tidegate.dataset_chunk using gone where dataset_id = gone.id`,
    );
    const failure = await failureOf(verify(1));
    expect(failure.code).toBe('DATASET_EXPIRED');
    expect(failure.message).toMatch(/^the rows of dataset \d+ of operated were deleted by retention on/);
  });

  test('of an unknown version is refused', async () => {
    expect((await failureOf(verify(99))).code).toBe('UNKNOWN_VERSION');
  });
});

test('an unreachable precision ends the training without a retry and names the best that can be reached', async () => {
  const strict = await retrainableModel(database, 'strict', definition({ threshold: { precision: 1 } }));
  await strict.add(users(2_400));
  const failure = await failureOf(strict.train(JANUARY));
  expect(failure).toMatchObject({ code: 'THRESHOLD_UNREACHABLE', retryable: false });
  expect(await listVersions(database, 'strict')).toEqual([]);
});
