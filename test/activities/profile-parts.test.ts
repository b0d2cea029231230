// Profiles a large window in parts: the report is that of the whole window, whichever worker counts a part and how often.
import { type Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Activities, createActivities } from '../../activities/index.ts';
import { type Described } from '../../activities/deps.ts';
import { driftFrame } from '../../bench/drift-frames.ts';
import { momentsOf } from '../../domain/data/math/moments.ts';
import { decodeReference } from '../../domain/data/profile/profile-codec.ts';
import { chunksOf, type Dataset, getDataset } from '../../store/registry/dataset.ts';
import {
  listProfileParts,
  mergeProfileParts,
  partRange,
  partsOf,
} from '../../store/profiles/profile-parts.ts';
import { profileDataset } from '../../store/profiles/profile-dataset.ts';
import { getReport } from '../../store/registry/reports.ts';
import { readReference } from '../../store/registry/versions.ts';
import { tamper } from '../helpers/tamper.ts';
import { type FrozenModel, frozenModel } from '../helpers/frozen-model.ts';
import { type MigratedDatabase, migratedDatabase } from '../helpers/migrated-database.ts';

const PARTS = 3;
let database: MigratedDatabase;
let activities: Activities;
let model: FrozenModel;
let reportId: number;

beforeAll(async () => {
  database = await migratedDatabase();
  activities = createActivities({ database, client: {} as Client, taskQueue: 'none' });
  model = await frozenModel(database, 'parts', driftFrame(5_000, 'reference'));
  // Five chunks and a half.
  reportId = await model.report(driftFrame(360_000, 'window'));
});
afterAll(() => database.drop());

const inActivity = new MockActivityEnvironment();

const profiled = (part: number): Promise<void> =>
  inActivity.run<[], void, () => Promise<void>>(() =>
    activities.profilePart({ reportId, part, parts: PARTS }),
  );

const stored = async (): Promise<number> => {
  const rows = await database.kysely.selectFrom('tidegate.profile_part').select('reportId').execute();
  return rows.length;
};

const merge = async (dataset: Dataset) =>
  mergeProfileParts(database, reportId, await listProfileParts(database, reportId), chunksOf(dataset));

const verdict = () => verdictOf(reportId);

const verdictOf = async (id: number) => {
  await inActivity.run<[], Described, () => Promise<Described>>(() =>
    activities.measureDrift({ reportId: id }),
  );
  const { drift } = await getReport(database, id);
  if (!drift?.measured) throw new Error('drift was not measured');
  return drift.verdict;
};

describe('the parts of a window', () => {
  it('are a single part if it is small, and parts as equal as whole chunks allow if it is large', () => {
    const of = (rows: number) => ({ rows, chunkRows: 65_536 });
    expect(partsOf(of(1_000_000), 1_000_000)).toBe(2);
    expect(partsOf(of(1_000_000), 2_097_152)).toBe(1);
    expect(partsOf(of(20_000_000), 2_097_152)).toBe(10);
    expect(partsOf(of(0), 1)).toBe(1);
    expect(partsOf(of(2 ** 31), 1)).toBe(512);
    const ranges = [0, 1, 2, 3].map((part) => partRange(of(11 * 65_536), part, 4));
    expect(ranges).toEqual([
      { first: 0, end: 2 },
      { first: 2, end: 5 },
      { first: 5, end: 8 },
      { first: 8, end: 11 },
    ]);
  });

  it('add up to the counts of the whole, in any order and with repetitions', async () => {
    for (const part of [2, 0, 2]) await profiled(part);
    const report = await getReport(database, reportId);
    const dataset = await getDataset(database, report.datasetId);
    expect(await merge(dataset)).toBeUndefined();
    await profiled(1);
    expect(await stored()).toBe(PARTS);
    const merged = await merge(dataset);
    const reference = decodeReference(await readReference(database, model.name, 1));
    const whole = await profileDataset(database, dataset, reference);
    expect(merged!.profile.rows).toBe(360_000);
    expect(merged!.profile.labels).toEqual(whole.labels);
    merged!.profile.columns.forEach((column, index) => {
      const expected = whole.columns[index]!;
      if (column.kind === 'numeric' && expected.kind === 'numeric') {
        const apart = column.sums.map((sum, bin) => Math.abs(sum - expected.sums[bin]!) / (1 + sum));
        expect(Math.max(...apart)).toBeLessThan(1e-11);
        expect({ ...column, sums: null, moments: null }).toEqual({ ...expected, sums: null, moments: null });
        const [some, all] = [column.moments!, expected.moments!];
        expect(some.finite).toBe(all.finite);
        expect(Math.abs(some.mean - all.mean)).toBeLessThan(1e-12 * (Math.abs(all.mean) + all.sd));
        expect(Math.abs(some.sd - all.sd)).toBeLessThan(1e-12 * all.sd);
      } else {
        expect(column).toEqual(expected);
      }
    });
  });

  it('have the same verdict as the window and are then removed; a repeated step counts the window itself', async () => {
    const inParts = await verdict();
    expect(inParts.windowRows).toBe(360_000);
    expect(inParts.driftedColumns).toEqual(['n1', 'n4']);
    expect(await stored()).toBe(0);
    const again = await verdict();
    const rounded = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (_, part: unknown) =>
          typeof part === 'number' ? Number(part.toPrecision(9)) : part,
        ),
      );
    expect(rounded(again)).toEqual(rounded(inParts));
  });

  it('are refused if they were counted from chunks with other digests than the dataset’s', async () => {
    const { datasetId } = await getReport(database, reportId);
    for (const part of [0, 1, 2]) await profiled(part);
    const swap = (to: string) =>
      tamper<{ digest: string }>(
        database,
        `update tidegate.dataset_chunk set digest = $1 where dataset_id = $2 and part = 'label' and ordinal = 0
         returning (select digest from tidegate.dataset_chunk where dataset_id = $2 and part = 'label' and ordinal = 0)`,
        [to, datasetId],
      );
    const { rows } = await swap('another');
    await expect(verdict()).rejects.toThrow(/differs from its digest at its header/);
    await swap(rows[0]!.digest);
    expect((await verdict()).windowRows).toBe(360_000);
  });

  it('read only their own chunks, and are refused if these are not what was frozen', async () => {
    const { datasetId } = await getReport(database, reportId);
    const bytes = async (to: Buffer) =>
      tamper(
        database,
        `update tidegate.dataset_chunk set bytes = $1 where dataset_id = $2 and part = 'label' and ordinal = 0`,
        [to, datasetId],
      );
    const { rows } = await database.pool.query<{ bytes: Buffer }>(
      `select bytes from tidegate.dataset_chunk where dataset_id = $1 and part = 'label' and ordinal = 0`,
      [datasetId],
    );
    await bytes(Buffer.alloc(65_536, 1));
    await expect(profiled(0)).rejects.toThrow(/differs from its digest at label\/0/);
    await profiled(1);
    await bytes(rows[0]!.bytes);
    await profiled(0);
    await profiled(2);
    expect((await verdict()).windowRows).toBe(360_000);
  });

  it('are counted again if an earlier version counted them without means', async () => {
    for (const part of [0, 1, 2]) await profiled(part);
    await database.pool.query(
      `update tidegate.profile_part set profile = (
         select jsonb_set(profile, '{columns}', jsonb_agg(one - 'moments')) || '{"format": 3}'
         from jsonb_array_elements(profile -> 'columns') as one)
       where first_chunk = 0`,
    );
    const { datasetId } = await getReport(database, reportId);
    expect(await merge(await getDataset(database, datasetId))).toBeUndefined();
    const [column] = (await verdict()).columns;
    expect(column?.mean?.note).toBeNull();
    expect(column?.mean?.window).toEqual(expect.any(Number));
  });
});

describe('a reference of an earlier version, which has no means', () => {
  const REFERENCE_ROWS = 2_000;
  const frame = driftFrame(REFERENCE_ROWS, 'reference');
  let old: FrozenModel;
  let oldReport: number;
  beforeAll(async () => {
    old = await frozenModel(database, 'older', frame);
    oldReport = await old.report(driftFrame(REFERENCE_ROWS, 'window'));
    const encoded = await readReference(database, 'older', 1);
    const reference = {
      ...encoded,
      format: 3,
      columns: encoded.columns.map((column) => {
        if (column.kind === 'category') return column;
        return { ...column, profile: { ...column.profile, moments: undefined } };
      }),
    };
    await database.pool.query(`alter table tidegate.version disable trigger version_guarded`);
    await database.pool.query(`update tidegate.version set reference = $1 where model = 'older'`, [
      JSON.stringify(reference),
    ]);
    await database.pool.query(`alter table tidegate.version enable trigger version_guarded`);
  });

  const columnOf = async (name: string) => {
    const found = (await verdictOf(oldReport)).columns.find(({ column }) => column === name);
    if (!found) throw new Error(`no column ${name}`);
    return found;
  };

  it('gets the means of its frozen rows', async () => {
    const { mean, sd } = await columnOf('n1');
    const values = frame.features.find(({ name }) => name === 'n1');
    if (values?.kind !== 'numeric') throw new Error('n1 is no number');
    const expected = momentsOf(values.values);
    expect(mean?.note).toBeNull();
    expect(mean?.reference).toBeCloseTo(expected.mean, 12);
    expect(sd?.reference).toBeCloseTo(expected.sd, 12);
  });

  it('has no means, and says why, if these rows are deleted', async () => {
    await database.pool.query(`
      with gone as (
        update tidegate.dataset set expired_at = now() where model = 'older' and request = 'older/training'
        returning id)
      delete from tidegate.dataset_chunk where dataset_id in (select id from gone)`);
    const { mean, clippedMean, words } = await columnOf('n1');
    expect(mean?.reference).toBeNull();
    expect(mean?.window).toEqual(expect.any(Number));
    expect(mean?.note).toMatch(/^an earlier version of Tidegate profiled the reference without its mean/);
    expect(clippedMean?.reference).toEqual(expect.any(Number));
    expect(words).toMatch(/^drifted: clipped mean [^ ]+ → [^ ]+, the mean is not shown: an earlier version/);
  });
});
