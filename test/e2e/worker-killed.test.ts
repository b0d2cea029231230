// Tests that another worker finishes what a killed worker began. `npm run chaos` kills at all moments.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { generateMonth } from '../../cli/commands/demo/streamflow/generate-month.ts';
import { importFolder } from '../../store/import/import-files.ts';
import { type KillMoment, type Site, surviveKill } from '../helpers/killed-worker.ts';
import { type Loop, startLoop } from '../helpers/loop.ts';

const AS_OF = '2026-08-31T00:00:00Z';

describe('a worker killed without warning', () => {
  let loop: Loop;
  let site: Site;
  beforeAll(async () => {
    loop = await startLoop({ worker: false });
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-month-'));
    await generateMonth({ folder, seed: 1, users: 3_000, month: 0 });
    await importFolder(loop.database.pool, { folder, asOf: new Date(AS_OF) });
    await rm(folder, { recursive: true });
    site = { ...loop, temporalAddress: inject('temporalAddress'), asOf: AS_OF };
  });
  afterAll(() => loop.stop());

  it.concurrent.for<KillMoment>(['trainCandidate', 'promote'])(
    'during %s still results in one version and one promotion',
    // Two workers start and one is killed: on a busy machine that alone takes minutes.
    { timeout: 600_000 },
    async (moment) => {
      const left = await surviveKill(site, moment);
      expect(left).toMatchObject({ versions: 1, promotions: 1, retrains: ['staged'], outcome: 'promoted' });
    },
  );
});
