// The overview of all models, and the list of versions that wait for a decision.
import { type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type SparkPoint } from '../../console/charts/sparkline.ts';
import {
  type Group,
  GROUPS,
  type OverviewModel,
  overviewPage,
  standingOf,
} from '../../console/pages/overview.ts';
import { approvalsPage } from '../../console/pages/version/version-page.ts';
import { may } from '../../domain/identity/caller.ts';
import { durationOf, toMilliseconds } from '../../domain/model/parts/duration.ts';
import { listModelStates, type ModelState } from '../../store/overview.ts';
import { findEvidence } from '../../store/registry/evidence.ts';
import { listReportFigures } from '../../store/registry/report-figures.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { storableText } from '../schemas/common.ts';
import { sendPage } from './reply.ts';

/** Models on one page of the overview. */
const PAGE = 50;

/** Windows in a sparkline. */
const WINDOWS = 12;

const filter = z.object({
  q: storableText(200).optional(),
  group: z.enum(GROUPS).optional(),
  page: z.coerce.number().int().min(1).max(10_000).optional(),
});

/** `GET /ui` and `GET /ui/approvals`. */
export function overviewPages(app: App, deps: ApiDeps): void {
  const { database } = deps;

  app.get('/ui', { schema: { hide: true, querystring: filter } }, async (request, reply) => {
    const now = new Date();
    const { q = '', group, page: wanted = 1 } = request.query;
    const sought = q.trim().toLowerCase();
    const all = (await statesFor(deps, request))
      .map((state) => ({ model: overviewModel(state), standing: standingOf(overviewModel(state), now) }))
      .filter(({ model }) => model.model.toLowerCase().includes(sought));
    const counts = Object.fromEntries(
      GROUPS.map((each) => [each, all.filter(({ standing }) => standing.group === each).length]),
    ) as Record<Group, number>;
    const found = GROUPS.filter((each) => group === undefined || each === group).flatMap((each) =>
      all.filter(({ standing }) => standing.group === each),
    );
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    const page = Math.min(wanted, pages);
    const shown = await Promise.all(
      found.slice((page - 1) * PAGE, page * PAGE).map(async (each) => ({
        ...each,
        points: (await listReportFigures(database, each.model.model, WINDOWS)).map(pointOf),
      })),
    );
    return sendPage(deps, request, reply, () =>
      overviewPage({ shown, counts, found: found.length, search: q, group, page, pages }, now),
    );
  });

  app.get('/ui/approvals', { schema: { hide: true } }, async (request, reply) => {
    const states = (await statesFor(deps, request)).flatMap(({ model, staging, decideBy, askedAt }) =>
      staging !== null && decideBy && askedAt
        ? [{ model, version: staging, expiresAt: decideBy, askedAt }]
        : [],
    );
    const waiting = await Promise.all(
      states
        .sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime())
        .slice(0, PAGE)
        .map(async (each) => ({
          ...each,
          mayDecide: may(request.caller, 'approver', each.model),
          summary: summaryOf((await findEvidence(database, each.model, each.version))?.body),
        })),
    );
    return sendPage(deps, request, reply, ({ now }) => approvalsPage(waiting, now));
  });
}

const statesFor = async ({ database }: ApiDeps, { caller }: FastifyRequest): Promise<ModelState[]> =>
  (await listModelStates(database)).filter(({ model }) => may(caller, 'viewer', model));

const overviewModel = (state: ModelState): OverviewModel => ({
  ...state,
  everyMs: toMilliseconds(durationOf(state.every)),
});

const pointOf = ({
  auc,
  promisedLow,
  promisedHigh,
}: {
  readonly auc: number | null;
  readonly promisedLow: number | null;
  readonly promisedHigh: number | null;
}): SparkPoint => ({
  value: auc,
  band: promisedLow !== null && promisedHigh !== null ? { low: promisedLow, high: promisedHigh } : null,
});

const summaryOf = (body: unknown): string => {
  const { summary } = (body ?? {}) as { readonly summary?: unknown };
  return typeof summary === 'string' ? summary : '';
};
