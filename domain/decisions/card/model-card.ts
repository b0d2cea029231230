// The model card: everything recorded about a version, arranged for a reader. Nothing is recomputed.
import { type ModelDefinition } from '../../model/definition.ts';
import {
  type Backfilled,
  describeBackfilled,
  type LabelCounts,
  describeLabels,
} from '../../data/label-states.ts';
import { type Calibration } from '../../learning/artifact/calibrate.ts';
import { type LeakCheck } from '../../learning/leak-alarm.ts';
import { type Tuning } from '../../learning/choose-recipe.ts';
import { type OperatingThreshold } from '../../learning/artifact/operating-threshold.ts';
import { type ComparisonBody, describeChampion } from '../comparison-body.ts';
import { type PromotionDecision } from '../decide-promotion.ts';
import { type Judged, judgedBy } from '../temporal-holdout.ts';
import { type DriftPart } from '../report.ts';
import { percent } from '../../format-numbers.ts';

/** How the version was trained. */
export interface CardTraining {
  readonly trainer: string;
  readonly artifactDigest: string;
  readonly createdAt: string;
  readonly seed: number | null;
  /** Null for an imported version, for which the number is not known. */
  readonly trainedRows: number | null;
  readonly positives: number | null;
  /** Whether it was imported. */
  readonly unproven: boolean;
  /** Name and note given by the person who imported it. */
  readonly origin: { readonly name: string; readonly note: string } | null;
  /** Features that were constant in training and so do not contribute to the score. */
  readonly dropped: readonly string[];
  /** The available recipes and why one was chosen; null for versions trained before there was a choice of recipes. */
  readonly tuning: Tuning | null;
  /** The calibration stored in the artifact; null if the artifact has none. */
  readonly calibration: Calibration | null;
  readonly threshold: OperatingThreshold | null;
}

/** The training data. */
export interface CardData extends LabelCounts {
  readonly window: { readonly from: string; readonly to: string };
  readonly labelsKnownBy: string;
  readonly rows: number;
  /** Views with backfilled history: rows that were treated as known before they actually were. */
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
  /** Whether an admin made it in an emergency. */
  readonly breakGlass: boolean;
}

/** A person's decision on the version. */
export interface CardApproval {
  readonly decision: 'approve' | 'reject';
  readonly actor: string;
  readonly authority: string;
  readonly comment: string;
  readonly at: string;
  /** Whether a person who requested the version approved it. */
  readonly selfApproved: boolean;
  /** Whether an admin approved it in an emergency. */
  readonly breakGlass: boolean;
}

/** Everything recorded about a version; instants are ISO 8601. */
export interface CardFacts {
  readonly model: string;
  readonly version: number;
  readonly stage: string;
  readonly definitionVersion: number;
  readonly definition: ModelDefinition;
  readonly training: CardTraining;
  readonly data: CardData;
  /** Findings of the leak alarm before training; null for versions that were trained before it existed. */
  readonly leaks: LeakCheck | null;
  /** Null before the comparison. */
  readonly comparison: {
    readonly championVersion: number | null;
    readonly body: ComparisonBody;
    readonly decision: PromotionDecision | null;
    readonly decidedAt: string | null;
  } | null;
  /** The report that caused the training; null if a person requested it. */
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
 * Builds a card from the recorded facts.
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
    rival: describeChampion(facts.comparison?.championVersion ?? null),
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

/** Lists the version's limitations, one sentence each. @example limitsOf(facts) // ['It was evaluated on …'] */
function limitsOf({ comparison, training, approval, data }: Omit<CardFacts, 'definition'>): string[] {
  const limits = [
    'Scores are estimates for entities like those of the training window; drift of features, labels and scores is watched by the monitor.',
  ];
  const say = (applies: boolean | undefined, words: string): void => {
    if (applies === true) limits.push(words);
  };
  const body = comparison?.body;
  say(training.unproven, 'It is unproven: it was imported, and its training rows are not known.');
  say(!body, 'It has not been compared with anything.');
  if (body) {
    const { by, why } = judgedBy(body.outOfTime);
    say(by === 'entity', `It was evaluated on unseen entities of the same time, not on the future: ${why}.`);
    say(!body.leakProof, 'When its training labels became known was not checked.');
    say(
      body.leakProof?.versions.some(({ lateLabels }) => lateLabels === null),
      'When training labels became known was not recorded.',
    );
    const used = body.holdout?.decisions ?? 0;
    say(
      used > 0,
      `Its holdout was used for ${used} decisions before this one; each makes a narrow win less meaningful.`,
    );
    const unjudged = body.slices.filter(({ simultaneous }) => simultaneous === null).map(({ name }) => name);
    say(unjudged.length > 0, `Slices too small to be judged: ${unjudged.join(', ')}.`);
    const positives = body.positives / body.rows;
    say(positives < 0.05, `Positives are rare on the holdout: ${percent(positives)}.`);
  }
  comparison?.decision?.alarms?.forEach((alarm) => limits.push(`Alarm: ${alarm}.`));
  say(
    training.dropped.length > 0,
    `Constant in training, so not part of the score: ${training.dropped.join(', ')}.`,
  );
  const map = training.calibration?.map.kind ?? 'none';
  say(map === 'none', 'Its probabilities come directly from the fit and were not recalibrated.');
  say(map !== 'none', 'Explanations are in log-odds before calibration.');
  say(training.threshold === null, 'It has no operating threshold of its own; decisions are shown at 0.5.');
  say(
    data.labelledRows < data.rows || data.assumedLabels > 0,
    `Labels of its training window: ${describeLabels(data)}.`,
  );
  say(data.backfilled.length > 0, `Backfilled history: ${describeBackfilled(data.backfilled)}.`);
  say(approval?.authority === 'unverified', 'Who approved it was not authenticated.');
  say(approval?.selfApproved, 'It is self-approved: a person who requested it has approved it.');
  say(
    approval?.breakGlass,
    'An admin approved it in an emergency (break-glass), instead of the people that its policy asks for.',
  );
  return limits;
}
