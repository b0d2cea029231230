// tidegate approve and tidegate reject: decide on the version that waits for approval.
import { type Command } from 'commander';
import { TidegateError } from '../../domain/errors.ts';
import { type DecisionMessage } from '../../domain/decisions/approval.ts';
import { byOption, type CommandContext, jsonOption, parseComment, parseNumber } from '../shared/arguments.ts';
import { type Services, withServices } from '../shared/connections.ts';
import { type Output } from '../output/output.ts';
import { EXIT_FAILED } from '../output/explain-error.ts';
import { getPending, printPending } from '../runs/pending.ts';
import { followRelease } from '../runs/release-run.ts';
import { reportTroublesUntil } from '../runs/run-troubles.ts';
import { type ReleaseOutcome, workflowIds } from '../../workflows/protocol/messages.ts';
import { decideBySignal, decideByUpdate } from '../runs/send-decision.ts';

interface Options {
  readonly by: string;
  readonly comment: string;
  readonly signal?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
}

type Decision = DecisionMessage['decision'];

const DESCRIPTIONS: Record<Decision, string> = {
  approve: 'approve the version that waits for a decision, and follow it into Production',
  reject: 'reject the version that waits for a decision',
};

/** Adds `tidegate approve <model> [version]` or `tidegate reject <model> [version]`. */
export function addDecision(program: Command, { config, output }: CommandContext, decision: Decision): void {
  program
    .command(decision)
    .description(DESCRIPTIONS[decision])
    .argument('<model>', 'name of the model')
    .argument('[version]', 'the version (default: the one that waits for a decision)', parseNumber)
    .addOption(byOption('who decides'))
    .option('--comment <text>', 'why', parseComment, '')
    .option(
      '--signal',
      'send the decision as a Temporal signal and wait until a worker has recorded it; default: as an update, which answers directly',
    )
    .option('--no-wait', 'return as soon as the decision is accepted, before it is carried out')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nExample:\n  tidegate ${decision} churn 2 --by grace --comment "the report is convincing"`,
    )
    .action((model: string, version: number | undefined, options: Options) =>
      withServices(config(), (services) =>
        decide(services, { model, version, decision, ...options }, output),
      ),
    );
}

interface Request extends Options {
  readonly model: string;
  readonly version: number | undefined;
  readonly decision: Decision;
}

async function decide(services: Services, request: Request, output: Output): Promise<void> {
  const { model, decision, by, comment, json } = request;
  const pending = await getPending(services.database, model, request.version);
  const { version, digest } = pending;
  if (!json) printPending(output, pending);

  const say = (text: string): void => output.progress(text);
  const send = request.signal ? decideBySignal : decideByUpdate;
  const message = { version, evidenceDigest: digest, decision, comment, decidedBy: by };
  const { accepted, refusal } = await reportTroublesUntil(
    services.client,
    workflowIds.release(model, version),
    say,
    send(services, model, message),
  );
  if (!accepted) throw new TidegateError('DECISION_REFUSED', refusal ?? 'the decision was refused');
  const answer = { model, version, decision, decidedBy: by, evidenceDigest: digest };
  if (!request.wait) {
    return json
      ? output.json({ ...answer, outcome: null })
      : output.line(`decision accepted: ${decision} ${model} v${version}`);
  }
  const { outcome, summary } = await followRelease(services, model, version, say);
  if (json) output.json({ ...answer, outcome, summary });
  else output.line(`${outcome}: ${summary}`);
  if (!isAsDecided(decision, outcome)) process.exitCode = EXIT_FAILED;
}

const INTENDED_OUTCOMES: Readonly<Record<DecisionMessage['decision'], ReleaseOutcome>> = {
  approve: 'promoted',
  reject: 'rejected',
};

/** False if a decision was accepted but not carried out. @example isAsDecided('approve', 'stale') // false */
export const isAsDecided = (decision: DecisionMessage['decision'], outcome: ReleaseOutcome): boolean =>
  outcome === INTENDED_OUTCOMES[decision];
