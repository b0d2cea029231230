// The page of a model, and two of its versions or reports side by side.
import { z } from 'zod';
import {
  compareReportsPage,
  type ComparedVersion,
  compareVersionsPage,
} from '../../console/pages/compare-page.ts';
import {
  type DefinitionChange,
  modelPage,
  type ModelView,
  type ProductionAt,
  type ProductionMove,
} from '../../console/pages/model-page.ts';
import { type TimelinePoint } from '../../console/charts/timeline.ts';
import { differencesOf } from '../../domain/model/differences.ts';
import { requirePast } from '../../domain/model/future-instant.ts';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { listDefinitions, type ListedDefinition, listVersionFigures } from '../../store/model-record.ts';
import { type Database } from '../../store/postgres/database.ts';
import { findComparison } from '../../store/registry/comparisons.ts';
import { getDataset } from '../../store/registry/dataset.ts';
import { stateAt } from '../../store/registry/history.ts';
import {
  listFiguresBefore,
  listReportFigures,
  type ReportFigures,
} from '../../store/registry/report-figures.ts';
import { getRetrain } from '../../store/registry/retrains.ts';
import { readFacts } from '../../store/registry/facts.ts';
import { findStop } from '../../store/registry/serving-changes.ts';
import { listTransitions, type Transition } from '../../store/registry/verify-chain.ts';
import { getVersion } from '../../store/registry/versions.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { modelParams, wholeNumber } from '../schemas/common.ts';
import { reportViewOf } from './report.ts';
import { sendPage } from './reply.ts';

/** Versions on one page, windows on the time axis, reports and definitions in their lists. */
const VERSIONS = 25;
const WINDOWS = 36;
const REPORTS = 8;
const DEFINITIONS = 10;

const DAY_MS = 86_400_000;

const shown = z.object({
  on: z.iso.date().optional(),
  below: wholeNumber(2 ** 31 - 1).optional(),
});

const two = (max: number) => z.object({ a: wholeNumber(max), b: wholeNumber(max) });

/** `GET /ui/models/:model` and `GET /ui/models/:model/compare/…`. */
export function modelPages(app: App, deps: ApiDeps): void {
  const { database } = deps;

  app.get(
    '/ui/models/:model',
    { schema: { hide: true, params: modelParams, querystring: shown } },
    async (request, reply) => {
      const view = await viewOf(database, request.params.model, request.query);
      return sendPage(deps, request, reply, ({ now }) => modelPage(view, now));
    },
  );

  app.get(
    '/ui/models/:model/compare/versions',
    { schema: { hide: true, params: modelParams, querystring: two(2 ** 31 - 1) } },
    async (request, reply) => {
      const { model } = request.params;
      const { a, b } = request.query;
      const [one, other] = await Promise.all([
        comparedVersion(database, model, a),
        comparedVersion(database, model, b),
      ]);
      const [before, after] = await Promise.all(
        [one, other].map(({ definitionVersion }) => getDefinition(database, model, definitionVersion)),
      );
      const changes = differencesOf(before?.definition, after?.definition);
      return sendPage(deps, request, reply, () => compareVersionsPage(model, [one, other], changes));
    },
  );

  app.get(
    '/ui/models/:model/compare/reports',
    { schema: { hide: true, params: modelParams, querystring: two(Number.MAX_SAFE_INTEGER) } },
    async (request, reply) => {
      const { model } = request.params;
      const { a, b } = request.query;
      const both = await Promise.all([reportViewOf(database, model, a), reportViewOf(database, model, b)]);
      return sendPage(deps, request, reply, () => compareReportsPage(model, both));
    },
  );
}

async function viewOf(
  database: Database,
  model: string,
  { on, below }: z.output<typeof shown>,
): Promise<ModelView> {
  // An unknown model is refused before anything else is read.
  const { definition } = await getDefinition(database, model);
  const [figures, reports, versions, definitions, transitions, stop, facts, asked] = await Promise.all([
    listReportFigures(database, model, WINDOWS),
    listFiguresBefore(database, model, null, REPORTS),
    listVersionFigures(database, model, VERSIONS + 1, below),
    listDefinitions(database, model, DEFINITIONS + 1),
    listTransitions(database, model),
    findStop(database, model),
    readFacts(database, model),
    on === undefined ? null : productionOn(database, model, on),
  ]);
  const entered = transitions.findLast(({ to }) => to === 'Production');
  const moves = transitions.flatMap(moveOf);
  const isChampion = entered !== undefined && moves.at(-1)?.entered === true;
  const shownVersions = versions.slice(0, VERSIONS);
  return {
    model,
    description: facts.of({ model, version: null }).description,
    every: definition.monitor.every,
    production: isChampion ? entered.version : null,
    productionSince: isChampion ? entered.at : null,
    staging: stagingOf(transitions),
    stopped: stop ? { at: stop.at, actor: stop.actor, reason: stop.reason } : null,
    points: figures.map(pointOf),
    moves,
    versions: shownVersions,
    olderVersions: versions.length > VERSIONS ? (shownVersions.at(-1)?.version ?? null) : null,
    reports,
    definitions: definitions.slice(0, DEFINITIONS).map((each, at) => changeOf(each, definitions[at + 1])),
    definition: JSON.stringify(definition, null, 2),
    asked,
  };
}

/** The version whose last move led to Staging, if there is one. */
function stagingOf(transitions: readonly Transition[]): number | null {
  const last = new Map(transitions.map(({ version, to }) => [version, to]));
  return [...last].findLast(([, stage]) => stage === 'Staging')?.[0] ?? null;
}

const moveOf = ({
  at,
  version,
  from,
  to,
  reason,
  actor,
  detail,
  selfApproved,
  breakGlass,
}: Transition): ProductionMove[] =>
  from !== 'Production' && to !== 'Production'
    ? []
    : [
        {
          at,
          version,
          entered: to === 'Production',
          reason,
          actor,
          detail,
          marks: [...(selfApproved ? ['self-approved'] : []), ...(breakGlass ? ['break-glass'] : [])],
        },
      ];

const changeOf = (
  { version, appliedBy, appliedAt, body }: ListedDefinition,
  before: ListedDefinition | undefined,
): DefinitionChange => ({
  version,
  appliedBy,
  appliedAt,
  changes: before ? differencesOf(before.body, body) : null,
});

const pointOf = (figures: ReportFigures): TimelinePoint => {
  const { asOf, championVersion, auc, aucLow, aucHigh, promisedLow, promisedHigh } = figures;
  const { driftShare, driftThreshold, drifted } = figures;
  return {
    at: asOf,
    championVersion,
    auc:
      auc === null || aucLow === null || aucHigh === null ? null : { value: auc, low: aucLow, high: aucHigh },
    promised: promisedLow === null || promisedHigh === null ? null : { low: promisedLow, high: promisedHigh },
    drift:
      driftShare === null || driftThreshold === null
        ? null
        : { share: driftShare, threshold: driftThreshold, drifted: drifted === true },
  };
};

/** What was in Production when a day ended in UTC, or now if that day is today. */
async function productionOn(database: Database, model: string, on: string): Promise<ProductionAt> {
  const begin = new Date(`${on}T00:00:00Z`);
  requirePast('the day', begin);
  const at = new Date(Math.min(begin.getTime() + DAY_MS - 1, Date.now()));
  const { production, decisions, stopped } = await stateAt(database, model, at);
  return {
    at,
    version: production?.version ?? null,
    since: production?.at ?? null,
    reason: production?.reason ?? '',
    actor: production?.actor ?? '',
    approvedBy: decisions.filter(({ decision }) => decision === 'approve').map(({ actor }) => actor),
    stopped: stopped !== null,
  };
}

async function comparedVersion(database: Database, model: string, number: number): Promise<ComparedVersion> {
  const version = await getVersion(database, model, number);
  const [retrain, comparison, dataset] = await Promise.all([
    getRetrain(database, version.retrainId),
    findComparison(database, model, number),
    getDataset(database, version.datasetId),
  ]);
  const body = comparison?.body;
  return {
    version: number,
    stage: version.stage,
    trainer: version.trainer,
    createdAt: version.createdAt,
    requestedBy: retrain.requestedBy,
    definitionVersion: version.definitionVersion,
    training: { ...dataset.window, rows: dataset.rows, digest: dataset.digest },
    threshold: version.cut,
    measured: body
      ? {
          digest: body.datasetDigest,
          rows: body.rows,
          auc: body.candidate.auc,
          logLoss: body.measures?.candidate.logLoss ?? null,
          brier: body.measures?.candidate.brier ?? null,
          ece: body.measures?.candidate.ece ?? null,
        }
      : null,
    importance: body?.importance ?? [],
  };
}
