// The model card: what is on record of a version, put together for a reader. Nothing is computed anew.
import { type ModelDefinition } from '../../model/definition.ts';
import {
  type Backfilled,
  backfilledInWords,
  type LabelCounts,
  labelsInWords,
} from '../../data/label-states.ts';
import { type Calibration } from '../../learning/artifact/calibrate.ts';
import { type LeakCheck } from '../../learning/leak-alarm.ts';
import { type Tuning } from '../../learning/choose-recipe.ts';
import { type OperatingThreshold } from '../../learning/artifact/operating-threshold.ts';
import { type ComparisonBody, rivalInWords } from '../comparison-body.ts';
import { type PromotionDecision } from '../decide-promotion.ts';
import { type Judged, judgedBy } from '../out-of-time.ts';
import { type DriftPart } from '../report.ts';
import { percent } from '../../numbers-in-words.ts';

/** What a card says of the model file, the rows and the fit. */
export interface CardTraining {
  readonly trainer: string;
  readonly artifactDigest: string;
  readonly createdAt: string;
  readonly seed: number | null;
  /** Null where it is not known: in a version from elsewhere. */
  readonly trainedRows: number | null;
  readonly positives: number | null;
  /** Whether it came from elsewhere. */
  readonly unproven: boolean;
  /** What the person who imported it said of it. */
  readonly origin: { readonly name: string; readonly note: string } | null;
  /** Features that were constant in training, and so play no part. */
  readonly dropped: readonly string[];
  /** The recipes that there were to choose from, and why this one; null for versions from before there was a choice. */
  readonly tuning: Tuning | null;
  /** As the artifact holds them; null where it has none. */
  readonly calibration: Calibration | null;
  readonly threshold: OperatingThreshold | null;
}

/** The rows that were learnt from. */
export interface CardData extends LabelCounts {
  readonly window: { readonly from: string; readonly to: string };
  readonly labelsKnownBy: string;
  readonly rows: number;
  /** Views whose history was taken as known before it was. */
  readonly backfilled: readonly Backfilled[];
  readonly trainingRows: number;
  readonly holdoutRows: number;
  readonly digest: string;
}

/** A move of the version between stages. */
export interface CardMove {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly detail: string;
  readonly actor: string;
  readonly authority: string;
  readonly at: string;
}

/** Who decided on the version. */
export interface CardApproval {
  readonly decision: 'approve' | 'reject';
  readonly actor: string;
  readonly authority: string;
  readonly comment: string;
  readonly at: string;
}

/** What is on record of a version; instants are ISO 8601. */
export interface CardFacts {
  readonly model: string;
  readonly version: number;
  readonly stage: string;
  readonly definitionVersion: number;
  readonly definition: ModelDefinition;
  readonly training: CardTraining;
  readonly data: CardData;
  /** What the leak alarm found before training; null in versions from before it looked. */
  readonly leaks: LeakCheck | null;
  /** Null before the comparison. */
  readonly comparison: {
    readonly championVersion: number | null;
    readonly body: ComparisonBody;
    readonly decision: PromotionDecision | null;
    readonly decidedAt: string | null;
  } | null;
  /** The report that caused the training; null where a person asked for it. */
  readonly report: { readonly id: number; readonly asOf: string; readonly drift: DriftPart | null } | null;
  readonly evidenceDigest: string | null;
  readonly approval: CardApproval | null;
  readonly moves: readonly CardMove[];
}

/** A model card. Plain JSON. */
export interface ModelCard extends Omit<CardFacts, 'definition'> {
  readonly purpose: string;
  readonly features: readonly string[];
  readonly metric: { readonly rule: string; readonly minDelta: number; readonly margin: number };
  readonly rival: string;
  /** Which evaluation decided, and why; null before the comparison. */
  readonly judged: Judged | null;
  readonly limits: readonly string[];
}

/**
 * Puts a card together from what is on record.
 *
 * @param features names of the features, in the order of the definition
 * @example cardInMarkdown(modelCard(facts, ['monthly_fee']))
 */
export function modelCard({ definition, ...facts }: CardFacts, features: readonly string[]): ModelCard {
  const { rule, minDelta, margin } = definition.promotion;
  const body = facts.comparison?.body;
  return {
    ...facts,
    purpose: purposeOf(definition),
    features,
    metric: { rule, minDelta, margin },
    rival: rivalInWords(facts.comparison?.championVersion ?? null),
    judged: body ? judgedBy(body.outOfTime) : null,
    limits: limitsOf(facts),
  };
}

function purposeOf({ entity, label, rows }: ModelDefinition): string {
  return (
    `Estimates, for each ${entity.name} (${entity.keys.join(', ')}) at a row time of ${rows.table}, the probability that ` +
    `${label.column} of ${label.table} is ${String(label.positive)}.`
  );
}

/** What a reader should not take for granted, one sentence each. @example limitsOf(facts) // ['It was judged …'] */
function limitsOf({ comparison, training, approval, data }: Omit<CardFacts, 'definition'>): string[] {
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
