// tidegate report: shows one report.
import { type Command, Option } from 'commander';
import { flatMetrics } from '../../domain/decisions/report/flat-metrics.ts';
import { TidegateError } from '../../domain/errors.ts';
import { type Database } from '../../store/postgres/database.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { documentOf, getReport, listReports, type Report } from '../../store/registry/reports.ts';
import { findRetrainOfReport } from '../../store/registry/retrains.ts';
import { reportInMarkdown } from '../../console/report/report-in-markdown.ts';
import { reportFile } from '../../console/report/standalone.ts';
import { styleSheet } from '../../console/style-sheet.ts';
import { reportRecord } from '../../store/report-record.ts';
import { type CommandContext, jsonOption, parseNumber } from '../shared/arguments.ts';
import { htmlOption, markdownOption, outOption, writeFileOrOutput } from '../shared/documents.ts';
import { withDatabase } from '../shared/connections.ts';
import { printReport } from '../output/report-tables.ts';

interface ReportOptions {
  readonly json?: boolean;
  readonly html?: boolean;
  readonly markdown?: boolean;
  readonly out?: string;
  readonly format: 'text' | 'json' | 'mlflow';
}

/** Adds `tidegate report <model> [id]`. */
export function addReport(program: Command, { config, output }: CommandContext): void {
  program
    .command('report')
    .description('show a report: drift of every column, performance, and the decision with every rule')
    .argument('<model>', 'name of the model')
    .argument('[id]', 'number of the report (default: the newest)', parseNumber)
    .addOption(jsonOption())
    .addOption(htmlOption())
    .addOption(markdownOption())
    .addOption(outOption())
    .addOption(
      new Option(
        '--format <format>',
        'output format; mlflow is one JSON object with all numbers under flat names',
      )
        .choices(['text', 'json', 'mlflow'])
        .default('text'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  tidegate report churn\n  tidegate report churn --html --out churn.html',
    )
    .action((model: string, id: number | undefined, options: ReportOptions) =>
      withDatabase(config(), async (database) => {
        const { json, format, html, markdown, out } = options;
        const report = await findReport(database, model, id);
        if (html || markdown) {
          const view = { ...report, ...(await reportRecord(database, report)) };
          await writeFileOrOutput(
            output,
            html ? reportFile(view, styleSheet()) : reportInMarkdown(view),
            out,
          );
        } else if (format === 'mlflow') output.json(flatMetrics(report));
        else if (json || format === 'json') output.json(documentOf(report));
        else printReport(output, report, await findRetrainOfReport(database, report.id));
      }),
    );
}

async function findReport(database: Database, model: string, id: number | undefined): Promise<Report> {
  await getDefinition(database, model);
  if (id === undefined) {
    const [newest] = await listReports(database, model, { limit: 1 });
    if (newest) return newest;
    throw new TidegateError('UNKNOWN_REPORT', `${model} has no report yet`, {
      remedy: `Measure a window: \`tidegate monitor ${model}\`.`,
    });
  }
  const report = await getReport(database, id);
  if (report.model !== model) {
    throw new TidegateError('UNKNOWN_REPORT', `report ${id} belongs to ${report.model}, not to ${model}`);
  }
  return report;
}
