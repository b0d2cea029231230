// Measures how often a report of 14 columns raises a false alarm and how often it finds real drift, by size, next to other rules.
import { judgeByEvidently } from '../domain/drift/evidently/judge-samples.ts';
import { freezeReference } from '../domain/data/profile/feature-reference.ts';
import { type DriftVerdict, judgeWindow } from '../domain/drift/verdict.ts';
import { profileWindow } from '../domain/data/profile/window-profile.ts';
import { type Frame } from '../domain/data/frame.ts';
import { type Changes, fourteenColumns } from '../test/unit/drift/fourteen-columns.ts';

/** Rows of the window, rows of the reference, and number of windows drawn. */
const SIZES = [
  [30, 5_000, 1_000],
  [100, 5_000, 1_000],
  [300, 5_000, 1_000],
  [1_000, 5_000, 400],
  [10_000, 20_000, 60],
  [100_000, 100_000, 20],
  [1_000_000, 1_000_000, 4],
] as const;
/** Above this many reference rows Evidently's statistics are skipped, because they sort all values of each window. */
const MAX_PEER_ROWS = 20_000;
const MAX_PEER_WINDOWS = 200;
const POLICY = { share: 0.05 };

/** Number of windows in which each rule flags a column. */
interface Flags {
  readonly ours: readonly string[];
  readonly uncorrected: readonly string[];
  readonly evidently: readonly string[] | null;
}

function flagsOf(
  reference: ReturnType<typeof freezeReference>,
  frames: [Frame, Frame],
  peers: boolean,
): Flags {
  const verdict = judgeWindow(reference, profileWindow(reference, frames[1]), POLICY);
  return {
    ours: verdict.driftedColumns,
    uncorrected: uncorrected(verdict),
    evidently: peers
      ? judgeByEvidently({ reference: frames[0], window: frames[1] }, { share: 0.5 }).driftedColumns
      : null,
  };
}

/** The columns with p < 0.05 in the test of their distribution, as a plain KS or χ² test would flag them. */
function uncorrected({ columns }: DriftVerdict): string[] {
  return columns
    .filter(({ signals: [distribution] }) => (distribution?.pValue ?? 1) < 0.05)
    .map(({ column }) => column);
}

const share = (hits: number, of: number): string => (of === 0 ? '–' : `${((100 * hits) / of).toFixed(1)} %`);

process.stdout.write('no drift: windows in which any of 14 columns is flagged\n');
process.stdout.write('     rows  reference  windows  Tidegate  p < 0.05  Evidently\n');
for (const [rows, referenceRows, windows] of SIZES) {
  const frame = fourteenColumns(referenceRows, 1);
  const reference = freezeReference(frame);
  const count = { ours: 0, uncorrected: 0, evidently: 0, peers: 0 };
  for (let window = 0; window < windows; window += 1) {
    const peers = referenceRows <= MAX_PEER_ROWS && window < MAX_PEER_WINDOWS;
    const flags = flagsOf(reference, [frame, fourteenColumns(rows, 10 + window)], peers);
    count.ours += Number(flags.ours.length > 0);
    count.uncorrected += Number(flags.uncorrected.length > 0);
    count.evidently += Number((flags.evidently?.length ?? 0) > 0);
    count.peers += Number(peers);
  }
  const cells = [
    rows.toLocaleString('en').padStart(9),
    referenceRows.toLocaleString('en').padStart(9),
    String(windows).padStart(7),
    share(count.ours, windows).padStart(6),
    share(count.uncorrected, windows).padStart(8),
    share(count.evidently, count.peers).padStart(9),
  ];
  process.stdout.write(`${cells.join('  ')}\n`);
}

const found = detection(300, 1_000, { shift: 0.5 });
process.stdout.write(
  `\na shift of 0.5 sd in one of 14 columns, 300 rows against 5,000: that column drifted in ${share(found, 1_000)} of 1,000 windows\n`,
);

process.stdout.write('\ntwo of 14 columns drift (rebuffers +60 %, watched −15 %): what is flagged\n');
for (const rows of [7_000, 100_000, 1_000_000]) {
  const frame = fourteenColumns(rows, 1);
  const window = fourteenColumns(rows, 2, { factors: { rebuffers: 1.6, watched: 0.85 } });
  const flags = flagsOf(freezeReference(frame), [frame, window], true);
  process.stdout.write(
    `${rows.toLocaleString('en').padStart(9)}  Tidegate: ${flags.ours.join(', ')}; p < 0.05: ${flags.uncorrected.join(', ')}; ` +
      `Evidently: ${flags.evidently?.join(', ')}\n`,
  );
}

function detection(rows: number, windows: number, changes: Changes): number {
  const reference = freezeReference(fourteenColumns(5_000, 1));
  let hits = 0;
  for (let window = 0; window < windows; window += 1) {
    const frame = fourteenColumns(rows, 5_000 + window, changes);
    const { driftedColumns } = judgeWindow(reference, profileWindow(reference, frame), POLICY);
    hits += Number(driftedColumns.includes('usage'));
  }
  return hits;
}
