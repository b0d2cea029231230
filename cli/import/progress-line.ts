// How far an import is, as one line of a terminal.
import { type ImportProgress } from '../../store/import/import-progress.ts';

const BETWEEN_MS = 100;

/**
 * The line for a moment of an import.
 *
 * @param seconds since it began
 * @example progressLine(progress, 2.5) // 'users.csv: adding 340,000 rows, 42 %, 31.2 MB/s'
 */
export function progressLine({ file, step, rows, bytes, share }: ImportProgress, seconds: number): string {
  const speed = seconds > 0 ? bytes / 1e6 / seconds : 0;
  const percent = Math.floor(100 * share);
  return `${file}: ${step} ${rows.toLocaleString('en-US')} rows, ${percent} %, ${speed.toFixed(1)} MB/s`;
}

/**
 * Shows each moment of an import, ten a second at most; a change of step or file always.
 *
 * @param show puts a line in place of the one before it
 * @param clock milliseconds
 */
export function progressTeller(
  show: (line: string) => void,
  clock: () => number = () => performance.now(),
): (progress: ImportProgress) => void {
  const began = clock();
  let shownAt = -Infinity;
  let shown = '';
  return (progress) => {
    const now = clock();
    const what = `${progress.step} ${progress.file}`;
    if (what === shown && now - shownAt < BETWEEN_MS) return;
    shownAt = now;
    shown = what;
    show(progressLine(progress, (now - began) / 1000));
  };
}
