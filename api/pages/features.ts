// The page of a model's features.
import { featuresPage, type ColumnState, type FeaturesView } from '../../console/pages/features-page.ts';
import { describeDefinition } from '../../domain/decisions/describe/describe-definition.ts';
import { holdoutPolicy } from '../../domain/model/define-model.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { windowSql } from '../../store/join/window-sql.ts';
import { onlineStates } from '../../store/online/watermark.ts';
import { type Database } from '../../store/postgres/database.ts';
import { listFiguresBefore } from '../../store/registry/report-figures.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { modelParams } from '../schemas/common.ts';
import { reportViewOf } from './report.ts';
import { sendPage } from './reply.ts';

/** `GET /ui/models/:model/features`. */
export function featuresPages(app: App, deps: ApiDeps): void {
  app.get(
    '/ui/models/:model/features',
    { schema: { hide: true, params: modelParams } },
    async (request, reply) => {
      const view = await viewOf(deps.database, request.params.model);
      return sendPage(deps, request, reply, ({ now }) => featuresPage(view, now));
    },
  );
}

async function viewOf(database: Database, model: string): Promise<FeaturesView> {
  const { definition, version } = await getDefinition(database, model);
  const [online, [newest]] = await Promise.all([
    onlineStates(database, model),
    listFiguresBefore(database, model, null, 1),
  ]);
  const report = newest ? await reportViewOf(database, model, newest.reportId) : null;
  const columns = report?.drift?.measured ? report.drift.verdict.columns : [];
  const states = new Map(
    columns.map(({ column, status }): [string, ColumnState] => [
      column,
      { status, importance: report?.importance.get(column) ?? null },
    ]),
  );
  return {
    model,
    definitionVersion: version,
    described: describeDefinition(definition),
    states,
    report: report && { id: report.id, asOf: report.asOf },
    online,
    sql: withoutMargin(windowSql(definition, holdoutPolicy(definition))),
  };
}

/** Removes the indentation that all lines of a statement have. */
function withoutMargin(sql: string): string {
  const lines = sql.split('\n').filter((line) => line.trim() !== '');
  const margin = Math.min(...lines.map((line) => /^ */.exec(line)![0].length));
  return lines.map((line) => line.slice(margin)).join('\n');
}
