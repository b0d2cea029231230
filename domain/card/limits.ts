// The limits of a version, as far as the record shows them.
import { backfilledInWords, labelsInWords } from '../features/label-counts.ts';
import { percent } from '../numbers-in-words.ts';
import { judgedBy } from '../lifecycle/out-of-time.ts';
import { type CardFacts } from './model-card.ts';

/** What a reader should not take for granted, one sentence each. @example limitsOf(facts) // ['It was judged …'] */
export function limitsOf({ comparison, training, approval, data }: Omit<CardFacts, 'definition'>): string[] {
  const limits = [
    'Scores are estimates for entities like those of the training window; drift of features, labels and scores is watched by the monitor.',
  ];
  const say = (applies: boolean | undefined, words: string): void => {
    if (applies === true) limits.push(words);
  };
  const body = comparison?.body;
  say(training.unproven, 'It is unproven: it was imported, and which rows it was trained on is not known.');
  say(!body, 'It has not been compared with anything.');
  if (body) {
    const { by, why } = judgedBy(body.outOfTime);
    say(by === 'entity', `It was judged on unseen entities of the same time, not on the future: ${why}.`);
    say(!body.leakProof, 'When its training labels became known was not looked at.');
    say(
      body.leakProof?.versions.some(({ lateLabels }) => lateLabels === null),
      'When training labels became known is not on record.',
    );
    const used = body.holdout?.decisions ?? 0;
    say(
      used > 0,
      `Its holdout served ${used} decisions before this one; each makes a narrow win less telling.`,
    );
    const unjudged = body.slices.filter(({ simultaneous }) => simultaneous === null).map(({ name }) => name);
    say(unjudged.length > 0, `Too small to be judged: ${unjudged.join(', ')}.`);
    const positives = body.positives / body.rows;
    say(positives < 0.05, `Positives are rare on the holdout: ${percent(positives)}.`);
  }
  comparison?.decision?.alarms?.forEach((alarm) => limits.push(`Alarm: ${alarm}.`));
  say(
    training.dropped.length > 0,
    `Constant in training, and without any part in the score: ${training.dropped.join(', ')}.`,
  );
  const map = training.calibration?.map.kind ?? 'none';
  say(map === 'none', 'Its probabilities are those of the fit, not recalibrated.');
  say(map !== 'none', 'Explanations are in log-odds before calibration.');
  say(
    training.threshold === null,
    'It has no operating threshold of its own; decisions at a cut are shown at 0.5.',
  );
  say(
    data.labelledRows < data.rows || data.assumedLabels > 0,
    `Labels of its training window: ${labelsInWords(data)}.`,
  );
  say(data.backfilled.length > 0, `Backfilled history: ${backfilledInWords(data.backfilled)}.`);
  say(approval?.authority === 'unverified', 'Who approved it was not authenticated.');
  return limits;
}
