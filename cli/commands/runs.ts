// tidegate runs: lists the reports and retrains of a model, newest first.
import { type Command } from 'commander';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { listReports, type Report } from '../../store/registry/reports.ts';
import { listRetrains, type Retrain } from '../../store/registry/retrains.ts';
import { type CommandContext, jsonOption, parseNumber } from '../shared/arguments.ts';
import { withDatabase } from '../shared/connections.ts';
import { minute } from '../output/format.ts';

interface Options {
  readonly limit: number;
  readonly json?: boolean;
}

/** A report or a retrain, as one row of the table. */
interface RunRow {
  readonly at: Date;
  readonly run: string;
  readonly outcome: string;
  readonly summary: string | null;
}

/** Adds `tidegate runs <model>`. */
export function addRuns(program: Command, { config, output }: CommandContext): void {
  program
    .command('runs')
    .description('list the reports and retrains of a model, newest first')
    .argument('<model>', 'name of the model')
    .option('--limit <count>', 'maximum number of reports and, separately, of retrains', parseNumber, 20)
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  tidegate runs churn')
    .action((model: string, { limit, json }: Options) =>
      withDatabase(config(), async (database) => {
        await getDefinition(database, model);
        const reports = await listReports(database, model, { limit });
        const retrains = await listRetrains(database, model, limit);
        if (json) return output.json({ model, reports: reports.map(reportJson), retrains });
        const rows = [...reports.map(reportRow), ...retrains.map(retrainRow)].sort(
          (a, b) => b.at.getTime() - a.at.getTime(),
        );
        if (rows.length === 0)
          return output.line(`${model} has no runs yet: start one with \`tidegate monitor ${model}\``);
        output.table({
          head: ['started (UTC)', 'run', 'outcome', 'summary'],
          rows: rows.map(({ at, run, outcome, summary }) => [minute(at), run, outcome, summary]),
        });
      }),
    );
}

const outcomeOf = ({ decision }: Report): string | null => decision?.outcome ?? null;

const reportRow = (report: Report): RunRow => ({
  at: report.createdAt,
  run: `report ${report.id}`,
  outcome: outcomeOf(report) ?? 'open',
  summary: report.summary,
});

const retrainRow = (retrain: Retrain): RunRow => ({
  at: retrain.startedAt,
  run: `retrain ${retrain.id}`,
  outcome: retrain.outcome ?? 'running',
  summary: retrain.summary,
});

// Leaves out quality, drift, performance and decision, which are long; `tidegate report --json` prints them.
const reportJson = (report: Report) => ({
  id: report.id,
  asOf: report.asOf,
  definitionVersion: report.definitionVersion,
  championVersion: report.championVersion,
  outcome: outcomeOf(report),
  summary: report.summary,
  workflowId: report.workflowId,
  runId: report.runId,
  createdAt: report.createdAt,
});
