// A column's verdict in one line for a person.
import { apart, percent, percents, rounded } from '../numbers-in-words.ts';
import type { BothSides, ColumnMeasurement } from './column-measurement.ts';
import type { DriftStatus, SignalVerdict } from './family.ts';

const EFFECT_NAMES: Partial<Record<SignalVerdict['effect'], string>> = {
  wasserstein: 'distance in standard deviations',
  jensenshannon: 'Jensen-Shannon distance',
  constant: 'surely differing share',
  psi: 'PSI',
};

/** What the words are made of beside the signals. */
export type MeasuredFacts = Pick<ColumnMeasurement, 'missing' | 'mean' | 'clippedMean' | 'constant'>;

/**
 * What a column's verdict rests on, in words.
 *
 * @param alpha bound of the adjusted p-values
 * @example 'drifted: mean 7.07 → 500123, distance in standard deviations 2.31, at or above 0.1 (adjusted p 3e-9)'
 */
export function columnWords(
  status: DriftStatus,
  reason: string | null,
  signals: readonly SignalVerdict[],
  facts: MeasuredFacts,
  alpha: number,
): string {
  if (status === 'not measurable') return `not measurable: ${reason ?? 'nothing to compare'}`;
  const notes = constantNote(facts);
  if (status === 'drifted') {
    const causes = signals.filter((signal) => signal.status === 'drifted');
    return `drifted: ${[...causes.map((signal) => cause(signal, facts, alpha)), ...notes].join('; ')}`;
  }
  const [distribution] = signals;
  return `stable: ${[...(distribution === undefined ? [] : [evidence(distribution, alpha)]), ...notes].join('; ')}`;
}

function cause(signal: SignalVerdict, facts: MeasuredFacts, alpha: number): string {
  if (signal.kind === 'missing') {
    const { reference, window } = facts.missing;
    return `missing values ${shares(reference, window)} (${certainty(signal, alpha)})`;
  }
  if (signal.kind === 'new category') {
    const share = signal.value === null ? 'an unknown share' : percent(signal.value);
    return `${share} of the rows hold values that the reference has never seen`;
  }
  return [...meansInWords(facts), evidence(signal, alpha)].join(', ');
}

/** The means, and the clipped ones if the true ones are not known or moved another way than the distance says. */
function meansInWords({ mean, clippedMean }: MeasuredFacts): string[] {
  if (!mean) return [];
  const means = moved('mean', mean.reference, mean.window);
  const clipped = clippedMean ? moved('clipped mean', clippedMean.reference, clippedMean.window) : null;
  const isAlike = clippedMean && directionOf(mean) === directionOf(clippedMean);
  const isKnown = mean.reference !== null && mean.window !== null;
  if (!isKnown) {
    const left = mean.note === null ? [] : [`the mean is left out: ${mean.note}`];
    return clipped === null ? left : [clipped, ...left];
  }
  const noted = means !== null && mean.note !== null ? `${means} (${mean.note})` : means;
  return [noted, isAlike ? null : clipped].filter((words) => words !== null);
}

function moved(name: string, from: number | null, to: number | null): string | null {
  if (from === null || to === null || from === to) return null;
  const [before = '', after = ''] = apart([from, to]);
  return `${name} ${before === after ? `${before}, unchanged` : `${before} → ${after}`}`;
}

const directionOf = ({ reference, window }: BothSides): number => Math.sign((window ?? 0) - (reference ?? 0));

function evidence(signal: SignalVerdict, alpha: number): string {
  const size = signal.effectSize ?? 0;
  const side = size >= signal.threshold ? 'at or above' : 'below';
  const name = EFFECT_NAMES[signal.effect] ?? signal.effect;
  const [measured = '', bound = ''] = apart([size, signal.threshold]);
  return `${name} ${measured}, ${side} ${bound} (${certainty(signal, alpha)})`;
}

function constantNote({ constant }: MeasuredFacts): string[] {
  if (constant === 'none') return [];
  if (constant === 'both') return ['each side holds one value only'];
  return [`the ${constant} holds one value only`];
}

function certainty({ adjustedP }: SignalVerdict, alpha: number): string {
  if (adjustedP === null) return 'judged by its lower bound';
  // Far below the least number it is 0, which no p-value is.
  if (adjustedP === 0) return 'adjusted p <1e-300';
  return `adjusted p ${adjustedP < alpha / 2 ? rounded(adjustedP) : apart([adjustedP, alpha])[0]}`;
}

function shares(reference: number | null, window: number | null): string {
  const known = [reference, window].filter((share) => share !== null);
  const texts = percents(known);
  const text = (share: number | null): string =>
    share === null ? 'unknown' : (texts[known.indexOf(share)] ?? '');
  return `${text(reference)} → ${text(window)}`;
}
