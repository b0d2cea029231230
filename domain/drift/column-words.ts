// A column's verdict in one line for a person.
import type { ColumnMeasurement } from './column-measurement.ts';
import type { DriftStatus, SignalVerdict } from './family.ts';

const EFFECT_NAMES: Partial<Record<SignalVerdict['effect'], string>> = {
  wasserstein: 'distance in standard deviations',
  jensenshannon: 'Jensen-Shannon distance',
  constant: 'surely differing share',
  psi: 'PSI',
};

/** What a column's verdict rests on, in words. @example 'drifted: moved down, distance in standard deviations 0.206 …' */
export function columnWords(
  status: DriftStatus,
  reason: string | null,
  signals: readonly SignalVerdict[],
  measurement: ColumnMeasurement,
): string {
  if (status === 'not measurable') return `not measurable: ${reason ?? 'nothing to compare'}`;
  const notes = constantNote(measurement);
  if (status === 'drifted') {
    const causes = signals.filter((signal) => signal.status === 'drifted');
    return `drifted: ${[...causes.map((signal) => cause(signal, measurement)), ...notes].join('; ')}`;
  }
  const [distribution] = signals;
  return `stable: ${[...(distribution === undefined ? [] : [evidence(distribution)]), ...notes].join('; ')}`;
}

function cause(signal: SignalVerdict, { missing, mean }: ColumnMeasurement): string {
  if (signal.kind === 'missing') {
    return `missing values ${percent(missing.reference)} → ${percent(missing.window)} (${certainty(signal)})`;
  }
  if (signal.kind === 'new category') {
    return `${percent(signal.value)} of the rows hold values that the reference has never seen`;
  }
  const from = mean?.reference ?? null;
  const to = mean?.window ?? null;
  const moved = from === null || to === null || from === to ? '' : `mean ${short(from)} → ${short(to)}, `;
  return `${moved}${evidence(signal)}`;
}

function evidence(signal: SignalVerdict): string {
  const size = signal.effectSize ?? 0;
  const side = size >= signal.threshold ? 'at or above' : 'below';
  const name = EFFECT_NAMES[signal.effect] ?? signal.effect;
  return `${name} ${short(size)}, ${side} ${short(signal.threshold)} (${certainty(signal)})`;
}

function constantNote({ constant }: ColumnMeasurement): string[] {
  if (constant === 'none') return [];
  if (constant === 'both') return ['each side holds one value only'];
  return [`the ${constant} holds one value only`];
}

const certainty = ({ adjustedP }: SignalVerdict): string =>
  adjustedP === null ? 'judged by its lower bound' : `adjusted p ${short(adjustedP)}`;

const percent = (share: number | null): string => (share === null ? 'unknown' : `${short(100 * share)} %`);

const short = (value: number): string => String(Number(value.toPrecision(3)));
