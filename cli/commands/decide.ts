// tidegate approve and tidegate reject: decide on the version that waits for approval.
import { type Command } from 'commander';
import { type DecisionMessage } from '../../domain/decisions/approval.ts';
import { type ReleaseOutcome, type ReleaseResult } from '../../workflows/protocol/messages.ts';
import { byOption, type CommandContext, jsonOption, parseComment, parseNumber } from '../shared/arguments.ts';
import { askApi, follow } from '../shared/ask-api.ts';
import { type Config } from '../shared/config.ts';
import { findApi } from '../shared/endpoints.ts';
import { EXIT_FAILED } from '../output/explain-error.ts';
import { type Output } from '../output/output.ts';
import { askPending, printPending } from '../runs/pending.ts';

interface Options {
  readonly by?: string;
  readonly comment: string;
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
    .option('--no-wait', 'return as soon as the decision is accepted, before it is carried out')
    .addOption(jsonOption())
    .addHelpText('after', `\nExample:\n  tidegate ${decision} churn 2 --comment "the report is convincing"`)
    .action((model: string, version: number | undefined, options: Options) =>
      decide(config(), { model, version, decision, ...options }, output),
    );
}

interface Request extends Options {
  readonly model: string;
  readonly version: number | undefined;
  readonly decision: Decision;
}

async function decide(config: Config, request: Request, output: Output): Promise<void> {
  const { model, decision, by, comment, json } = request;
  const api = await findApi(config);
  const pending = await askPending(api, model, request.version);
  const { version, digest } = pending;
  if (!json) printPending(output, pending);

  const say = (text: string): void => output.progress(text);
  let isAccepted = false;
  // Followed from the start, to report what keeps the decision from being verified.
  const released = follow<ReleaseResult>(
    api,
    model,
    { run: 'release', version: String(version) },
    { say: (step) => isAccepted && say(step), warn: say },
  );
  released.catch(() => undefined);
  const { decidedBy, selfApproved, settles, people, needed } = await askApi<Answer>(
    api,
    'POST',
    ['models', model, 'decisions'],
    { version, evidenceDigest: digest, decision, comment, ...(by !== undefined && { decidedBy: by }) },
    ANSWERED_WITHIN_MS,
  );
  isAccepted = true;
  const answer = { model, version, decision, decidedBy, selfApproved, evidenceDigest: digest };
  if (selfApproved && !json) output.line(`${decidedBy} requested this version: recorded as self-approved`);
  if (!settles) {
    return json
      ? output.json({ ...answer, outcome: null, people, needed })
      : output.line(`decision accepted: ${people} of ${needed} people; version ${version} waits for more`);
  }
  if (!request.wait) {
    return json
      ? output.json({ ...answer, outcome: null })
      : output.line(`decision accepted: ${decision} ${model} v${version}`);
  }
  const { outcome, summary } = await released;
  if (json) output.json({ ...answer, outcome, summary });
  else output.line(`${outcome}: ${summary}`);
  if (!isAsDecided(decision, outcome)) process.exitCode = EXIT_FAILED;
}

/** Answer of the API to a decision that it accepted. */
interface Answer {
  readonly decidedBy: string;
  readonly selfApproved: boolean;
  /** False while more people have to agree. */
  readonly settles: boolean;
  readonly people?: number;
  readonly needed?: number;
}

/** Longer than the API waits for its turn and for a worker. */
const ANSWERED_WITHIN_MS = 60_000;

const INTENDED_OUTCOMES: Readonly<Record<DecisionMessage['decision'], ReleaseOutcome>> = {
  approve: 'promoted',
  reject: 'rejected',
};

/** False if a decision was accepted but not carried out. @example isAsDecided('approve', 'stale') // false */
export const isAsDecided = (decision: DecisionMessage['decision'], outcome: ReleaseOutcome): boolean =>
  outcome === INTENDED_OUTCOMES[decision];
