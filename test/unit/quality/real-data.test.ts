// Tests that nothing is found, and every contract passes, on the fault-free data of StreamFlow and of the demo.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateMonth } from '../../../cli/commands/demo/streamflow/generate-month.ts';
import { judgeContracts } from '../../../domain/quality/judge-contracts.ts';
import { parseDefinition } from '../../../domain/model/define-model.ts';
import { type Frame } from '../../../domain/data/frame.ts';
import { findFaults } from '../../../domain/quality/judge-window.ts';
import { describeContract } from '../../../domain/quality/quality-part.ts';
import churn from '../../../models/churn.ts';
import { frameOf, readMonth } from '../cli/demo/read-month.ts';
import { describeWith } from '../drift/oracles.ts';
import { factsOf, inShort, passOver } from './facts-of.ts';

/** Writes flags as in frozen rows: `true` or `false` instead of the files' True or False. */
const asFrozen = (frame: Frame): Frame => ({
  ...frame,
  features: frame.features.map((column) =>
    column.kind === 'category' && column.dictionary.every((value) => /^(True|False)$/.test(value))
      ? { ...column, dictionary: column.dictionary.map((value) => value.toLowerCase()) }
      : column,
  ),
});

/** Lists the contracts of models/churn.ts that a month breaks. */
const broken = (frame: Frame): string[] =>
  judgeContracts(passOver(frame, parseDefinition(churn)))
    .filter(({ held }) => !held)
    .map(describeContract);

function noFault(months: () => readonly [Frame, Frame], constant: string[]): void {
  test('nothing is found in month two compared with month one, except columns that never vary', () => {
    const [before, after] = months();
    const previous = { same: new Set<string>(), sameBefore: null, repeats: passOver(before).repeats };
    expect(inShort(findFaults(factsOf(before, after, { previous })))).toEqual(constant);
    expect(inShort(findFaults(factsOf(before, before)))).toEqual(constant);
  });

  test('both months pass every contract of the example', () => {
    expect(months().map(broken)).toEqual([[], []]);
  });

  test('hours that turn into minutes are the only other finding', () => {
    const [before, after] = months();
    const features = after.features.map((column) =>
      column.kind === 'numeric' && column.name === 'watch_hours_30d'
        ? { ...column, values: column.values.map((value) => 60 * value) }
        : column,
    );
    const findings = inShort(findFaults(factsOf(before, { ...after, features })));
    expect(findings).toEqual(['warn unit-changed watch_hours_30d', ...constant]);
  });
}

const streamflow = ['month_000', 'month_001'].map((month) => `data/streamflow/${month}/users.csv`);
describeWith(streamflow, 'on StreamFlow', () => {
  const folder = fileURLToPath(new URL('../../../../shared/data/streamflow/', import.meta.url));
  const read = (month: string): Frame => asFrozen(frameOf(readMonth(folder + month)));
  const months = [read('month_000'), read('month_001')] as const;
  noFault(() => months, ['info constant-column avg_session_mins_7d']);
});

describe('on the demo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-quality-'));
  let months: readonly [Frame, Frame];
  beforeAll(async () => {
    for (const month of [0, 1] as const)
      await generateMonth({ seed: 2026, month, folder: join(folder, `${month}`) });
    const read = (month: string): Frame => asFrozen(frameOf(readMonth(join(folder, month))));
    months = [read('0'), read('1')];
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  noFault(() => months, []);
});
