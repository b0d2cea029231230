// Renders a model card as Markdown.
import { describeLabels } from '../../data/label-states.ts';
import { type Tuning } from '../../learning/choose-recipe.ts';
import { formatMetric } from '../../learning/cross-validate.ts';
import { describeRecipe } from '../../learning/recipe.ts';
import { type Interval, formatInterval } from '../../data/math/interval.ts';
import { apart, fixed, formatPValue, rounded } from '../../format-numbers.ts';
import { describeHoldoutUse, describeLeakProof } from '../leak-proof.ts';
import { describeFailedJudgement } from '../../judgements.ts';
import { judgedBy, temporalHoldoutState } from '../temporal-holdout.ts';
import { describeDrift } from '../report.ts';
import { type RuleResult } from '../rule.ts';
import { describeLeakCheck } from '../../learning/leak-alarm.ts';
import { describeThreshold } from '../../learning/artifact/operating-threshold.ts';
import { type ComparisonBody } from '../comparison-body.ts';
import { type ModelCard } from './model-card.ts';

/**
 * Renders the card as a document with a heading for each part and tables with intervals.
 *
 * @example cardInMarkdown(card).startsWith('# churn, version 2')
 */
export function cardInMarkdown(card: ModelCard): string {
  const { model, version, stage, purpose } = card;
  const parts = [
    `# ${model}, version ${version}`,
    `${purpose} Stage: ${stage}.`,
    ...dataPart(card),
    ...(card.comparison
      ? comparisonPart(card, card.comparison.body)
      : ['## Performance', 'Not compared yet.']),
    ...decisionPart(card),
    '## Drift at the time',
    card.report
      ? `Report ${card.report.id} as of ${card.report.asOf}: ${card.report.drift ? describeDrift(card.report.drift) : 'drift was not measured'}.`
      : 'No report caused this version: a person requested it.',
    '## Limits',
    list(card.limits),
    '## Approval',
    approvalPart(card),
    '## History',
    markdownTable(
      ['at', 'move', 'reason', 'by', 'detail'],
      card.moves.map(({ at, from, to, reason, actor, authority, detail, breakGlass }) => [
        at,
        `${from} to ${to}`,
        reason.replaceAll('_', ' '),
        `${actor} (${authority}${breakGlass ? ', break-glass' : ''})`,
        detail,
      ]),
    ),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const list = (lines: readonly string[]): string => lines.map((line) => `- ${escaped(line)}`).join('\n');

function dataPart({ data, training, leaks, features, definitionVersion }: ModelCard): string[] {
  return [
    '## Data and training',
    list([
      `Training window (${data.window.from}, ${data.window.to}], labels known by ${data.labelsKnownBy}`,
      `${data.rows} rows, ${describeLabels(data)}, ${data.holdoutRows} held out, ${data.trainingRows} for training; digest \`${data.digest}\``,
      `Definition ${definitionVersion}, ${features.length} features: ${features.join(', ')}`,
      `${describeTraining(training)}; artifact \`${training.artifactDigest}\`, created ${training.createdAt}`,
      `Leak alarm: ${leaks ? describeLeakCheck(leaks) : 'did not run'}`,
      ...(training.tuning ? [`Recipe: ${training.tuning.words}`] : []),
      `Calibration: ${training.calibration ? `${training.calibration.map.kind}, ${training.calibration.why}` : 'none'}`,
      `Threshold: ${training.threshold ? describeThreshold(training.threshold) : 'none, decisions are shown at 0.5'}`,
    ]),
    ...recipesPart(training.tuning),
  ];
}

/** The recipes among which one was chosen, with the measure on each fold. */
function recipesPart(tuning: Tuning | null): string[] {
  if (!tuning || tuning.recipes.length < 2) return [];
  const digits = (value: number): string => fixed([value], [], 4)[0] as string;
  return [
    '### Recipes',
    markdownTable(
      ['recipe', `mean ${formatMetric(tuning.metric)}`, 'standard error', 'by fold'],
      tuning.recipes.map(({ recipe, scores, mean, standardError, problem }) => [
        describeRecipe(recipe),
        mean === null ? '' : digits(mean),
        standardError === null ? '' : digits(standardError),
        scores?.map(digits).join(' ') ?? `could not be trained: ${problem}`,
      ]),
    ),
  ];
}

function comparisonPart({ comparison, rival, judged }: ModelCard, body: ComparisonBody): string[] {
  const { measures } = body;
  const cell = (interval: Interval | undefined): string => (interval ? formatInterval(interval) : '');
  const rows: string[][] = [
    ['AUC', cell(body.candidate.auc), cell(body.champion.auc), '0.500', cell(body.difference)],
    ...(measures
      ? (['prAuc', 'logLoss', 'brier', 'ece'] as const).map((name) => [
          TITLES[name],
          ...[measures.candidate, measures.champion, measures.baseline, measures.difference].map((side) =>
            cell(side[name]),
          ),
        ])
      : []),
  ];
  return [
    '## Performance',
    `On ${body.rows} holdout rows of ${body.clusters} clusters (${body.positiveClusters} positive, ${body.negativeClusters} negative) of (${body.window.from}, ${body.window.to}], 95 % intervals${measures ? ` (${measures.bootstrap.replicates} bootstrap draws of clusters for all but the AUC)` : ''}. Decided ${judged ? `by ${judged.by}: ${judged.why}` : 'not yet'}.`,
    markdownTable(['', 'this version', rival, 'class prior', 'difference'], rows),
    ...futurePart(body, rival),
    ...(body.mcnemar
      ? [
          `At the thresholds ${body.mcnemar.cuts.candidate} and ${body.mcnemar.cuts.champion}, only this version is right on ${body.mcnemar.onlySecond} rows, and only ${rival} on ${body.mcnemar.onlyFirst} (McNemar p ${formatPValue(body.mcnemar.clustered)}).`,
        ]
      : []),
    '### Slices',
    markdownTable(
      ['slice', 'rows', 'positive clusters', 'AUC difference', 'simultaneous interval'],
      body.slices.map(({ name, rows, positiveClusters, difference, simultaneous }) => [
        name,
        String(rows),
        String(positiveClusters),
        formatInterval(difference),
        simultaneous === null ? 'too small to be judged' : cell(simultaneous),
      ]),
    ),
    ...(body.importance && body.importance.length > 0
      ? [
          '### Feature importance',
          markdownTable(
            ['feature', 'AUC lost when permuted'],
            body.importance.map(({ feature, importance }) => [
              feature,
              fixed([importance], [], 4)[0] as string,
            ]),
          ),
        ]
      : []),
    '### Leak proof',
    list([
      `${body.leakedClusters} evaluation clusters were used in training`,
      ...(body.leakProof ? describeLeakProof(body.leakProof) : []),
      ...(body.holdout ? [describeHoldoutUse(body.holdout)] : []),
    ]),
    ...(comparison?.decision ? [] : ['Not decided yet.']),
  ];
}

const TITLES = { prAuc: 'PR AUC', logLoss: 'log loss', brier: 'Brier', ece: 'ECE' } as const;

/**
 * Renders the numbers of the temporal holdout, or its failure. Empty if it was not due, because the line above already
 * gives the reason.
 */
function futurePart(body: ComparisonBody, rival: string): string[] {
  const { outOfTime } = body;
  const holdout = temporalHoldoutState(outOfTime);
  if (holdout.state === 'failed')
    return [escaped(`${describeFailedJudgement('temporal holdout', holdout)}.`)];
  if (!outOfTime?.judged) return [];
  const { cut, trainedRows, rows, candidateAuc, championAuc, difference, measures } = outOfTime;
  const loss = measures
    ? `, log loss ${formatInterval(measures.candidate.logLoss)} against ${formatInterval(measures.champion.logLoss)}, difference ${formatInterval(measures.difference.logLoss)}`
    : '';
  return [
    `Temporal holdout: trained again on ${trainedRows} rows whose label was known by ${cut}, tested on ${rows} holdout rows after it: AUC ${formatInterval(candidateAuc)} against ${formatInterval(championAuc)} by ${rival}, difference ${formatInterval(difference)}${loss}. ${judgedBy(outOfTime).by === 'entity+time' ? 'This decided, and the table above is the other evaluation' : 'This did not decide'}.`,
  ];
}

function decisionPart({ comparison }: ModelCard): string[] {
  const decision = comparison?.decision;
  if (!decision) return [];
  return [
    '## Decision',
    `${decision.outcome}: ${escaped(decision.reason)} (rules ${decision.rulesVersion}${comparison.decidedAt === null ? '' : `, ${comparison.decidedAt}`}).`,
    markdownTable(
      ['rule', 'met', 'value', 'bound', 'explanation'],
      decision.rules.map(({ name, held, warns, value, bound, words }) => [
        name,
        held ? 'yes' : warns ? 'no, warns' : 'no',
        ...valueAndBound(value, bound),
        words,
      ]),
    ),
  ];
}

function valueAndBound(value: RuleResult['value'], bound: RuleResult['bound']): string[] {
  if (typeof value === 'number' && typeof bound === 'number') return apart([value, bound], 4);
  return [value, bound].map((one) => (typeof one === 'number' ? rounded(one, 4) : (one ?? '')));
}

function approvalPart({ approval, evidenceDigest }: ModelCard): string {
  const evidence = evidenceDigest === null ? 'Evidence is not complete.' : `Evidence \`${evidenceDigest}\`.`;
  if (!approval) return `Nobody has decided on it. ${evidence}`;
  const { decision, actor, authority, at, comment, selfApproved, breakGlass } = approval;
  const how = [authority, ...(selfApproved ? ['self-approved'] : []), ...(breakGlass ? ['break-glass'] : [])];
  const quoted = comment === '' ? '' : ` "${escaped(comment)}"`;
  return `${decision === 'approve' ? 'Approved' : 'Rejected'} by ${escaped(actor)} (${how.join(', ')}) at ${at}.${quoted} ${evidence}`;
}

function describeTraining({
  trainer,
  seed,
  trainedRows,
  positives,
  unproven,
  origin,
}: ModelCard['training']): string {
  if (!unproven)
    return `Trainer ${trainer}, seed ${seed}, ${trainedRows} rows, ${positives} of them positive`;
  const name = origin ? ` as "${origin.name}"${origin.note === '' ? '' : ` (${origin.note})`}` : '';
  return `**Unproven**: imported${name}; its training rows are not known. Its references were measured on the window above`;
}

/**
 * Renders a table; returns an empty text if there are no rows.
 *
 * @example markdownTable(['slice', 'rows'], [['plan = pro', '12']])
 */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * Escapes a text so that it stays within its table cell or line and is not read as HTML.
 *
 * @example escaped('x < 3') // 'x \\< 3'
 */
const escaped = (text: string): string => text.replaceAll(/[|<]/g, '\\$&').replaceAll(/\s*[\r\n]+\s*/g, ' ');
