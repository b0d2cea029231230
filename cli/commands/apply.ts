// tidegate apply: stores a model file as a definition version and schedules its monitor.
import { type Command } from 'commander';
import { describeLoosened } from '../../domain/decisions/loosened-policy.ts';
import { onlineEvery } from '../../domain/model/definition.ts';
import { type AppliedModel } from '../../operations/apply-model.ts';
import { type SharedView } from '../../store/registry/shared-views.ts';
import { askApi, UNHURRIED_MS } from '../shared/ask-api.ts';
import { findApi } from '../shared/endpoints.ts';
import { readModelFile } from '../shared/read-model-file.ts';
import { byOption, claimedBy, type CommandContext, jsonOption } from '../shared/arguments.ts';
import { sharedViewLines } from '../output/definition-tables.ts';
import { minute } from '../output/format.ts';

interface Options {
  readonly by?: string;
  readonly json?: boolean;
}

const NEXT_RUNS = 3;

const ANYBODY_CAN_APPROVE =
  "note: promotion.unverifiedSignals is 'accept': whoever can reach Temporal can approve a version in any name";

/** Adds `tidegate apply <file>`. */
export function addApply(program: Command, { config, output }: CommandContext): void {
  program
    .command('apply')
    .description('check a model file, store it as a definition version and schedule its runs')
    .argument('<file>', 'a file whose default export is defineModel({ … })')
    .addOption(
      byOption(
        'who applies the definition; counts as the requester of the retrains that follow and may not approve their versions',
      ),
    )
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate apply models/churn.ts')
    .action(async (file: string, { by, json }: Options) => {
      const definition = await readModelFile(file);
      const applied = await askApi<Wire<AppliedModel>>(
        await findApi(config()),
        'POST',
        ['models'],
        { definition, ...claimedBy(by) },
        UNHURRIED_MS,
      );
      if (json) return output.json(applied);
      const { model, version, changed, appliedBy, notes, schedule, onlineSchedule, sharedViews } = applied;
      for (const line of waitingLines(applied)) output.line(line);
      if (applied.status === 'in force')
        output.line(
          changed
            ? `${model}: definition ${version} applied by ${appliedBy}`
            : `${model}: unchanged, because the file is the same as definition ${version}`,
        );
      output.line(`monitored every ${definition.monitor.every} by schedule ${schedule.id}; next (UTC):`);
      for (const next of schedule.nextRuns.slice(0, NEXT_RUNS)) output.line(`  ${minute(new Date(next))}`);
      if (onlineSchedule) {
        const [next] = onlineSchedule.nextRuns;
        output.line(
          `online rows every ${onlineEvery(definition)} by schedule ${onlineSchedule.id}` +
            (next ? `; next ${minute(new Date(next))}` : ''),
        );
      }
      for (const shared of sharedViews)
        sharedViewLines(withDates(shared)).forEach((line) => output.line(line));
      for (const { words, isWarning } of notes) output.line(`${isWarning ? 'warning: ' : ''}${words}`);
      if (definition.promotion.unverifiedSignals === 'accept') output.line(ANYBODY_CAN_APPROVE);
    });
}

/** Says that a definition waits, what it loosens, and how it is accepted. */
function waitingLines({ model, version, status, loosens, appliedBy }: Wire<AppliedModel>): string[] {
  if (status === 'in force') return [];
  return [
    `${model}: definition ${version} waits, because it loosens ${describeLoosened(loosens)}`,
    'the definition before it stays in force until an approver has accepted this one:',
    `  tidegate definition accept ${model} ${version}`,
    `${appliedBy} applied it, and may accept it only if the policy in force has selfApproval: 'record'`,
  ];
}

/** A value as it comes out of JSON: dates are texts. */
type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Wire<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Wire<T[Key]> }
      : T;

const withDates = ({ uses, ...shared }: Wire<SharedView>): SharedView => ({
  ...shared,
  uses: uses.map((use) => ({ ...use, appliedAt: new Date(use.appliedAt) })),
});
