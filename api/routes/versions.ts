// Lists the versions of a model, and shows one with its lineage.
import { z } from 'zod';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { readFacts } from '../../store/registry/facts.ts';
import { searchVersions } from '../../store/registry/search.ts';
import { listVersions } from '../../store/registry/versions.ts';
import { versionDetail } from '../../store/version-detail.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, filterQuery, instant, modelParams, stage, wholeNumber } from '../schemas/common.ts';

const version = z.object({
  version: z.int(),
  stage,
  definitionVersion: z.int(),
  trainer: z.string(),
  unproven: z
    .boolean()
    .describe('Whether the version was imported, which means that the rows it was trained on are not known'),
  artifactDigest: z.string().describe('SHA-256 of the artifact as canonical JSON'),
  cut: z
    .number()
    .nullable()
    .describe('Scores at or above this are positive; null if the version has no threshold and uses 0.5'),
  calibration: z
    .enum(['none', 'platt', 'isotonic'])
    .nullable()
    .describe('How its scores are calibrated to probabilities; null if calibration was not requested'),
  retrainId: z.string(),
  datasetId: z.int(),
  createdAt: instant,
  tags: z.record(z.string(), z.string()),
  description: z.string(),
  aliases: z.array(z.string()).readonly().describe('champion and challenger follow the stages'),
});

const run = z.object({ workflowId: z.string(), runId: z.string() });

const rule = z.object({
  name: z.string(),
  verdict: z.enum(['kept', 'broken', 'not judged']),
  value: z.number().nullable(),
  bound: z.number().nullable(),
  words: z.string(),
});

const detail = version.extend({
  lineage: z.object({
    definition: z.object({ version: z.int(), digest: z.string() }),
    dataset: z.object({
      id: z.int(),
      digest: z.string(),
      from: instant,
      to: instant,
      rows: z.int(),
      expiredAt: instant.nullable().describe('When retention deleted its rows; null while they exist'),
    }),
    trainer: z.string(),
    code: z
      .string()
      .nullable()
      .describe('Release and git revision of the code that trained it; null if not recorded'),
    platform: z.string().nullable(),
    retrain: run.extend({
      id: z.string(),
      trigger: z.string(),
      requestedBy: z.string().describe('The person of a grant, `schedule` or `unverified`'),
      claimedBy: z
        .string()
        .nullable()
        .describe('The name that an unverified request gave; it proves nothing'),
      reportId: z.int().nullable(),
    }),
    parent: z.int().nullable().describe('The champion that it was compared with; null if there was none'),
    evidenceDigest: z.string().nullable(),
    runs: z.array(run).readonly().describe('The runs that moved it between stages, oldest first'),
  }),
  watch: z
    .object({
      startedAt: instant,
      endsAt: instant,
      lookedAt: instant.nullable(),
      breachedAt: instant.nullable(),
      rules: z.array(rule).readonly(),
      outcome: z.string().nullable().describe('Null while it is under way'),
      summary: z.string().nullable(),
    })
    .nullable()
    .describe('The watch after its promotion; null if it was not watched'),
});

/** `GET /models/:model/versions`. */
export function versionsRoute(app: App, { database }: ApiDeps): void {
  app.get(
    '/models/:model/versions',
    {
      schema: {
        tags: ['models'],
        summary: 'All versions of a model, newest first, or those that satisfy a filter',
        params: modelParams,
        querystring: filterQuery,
        response: { 200: z.object({ versions: z.array(version) }), ...errorResponses },
      },
    },
    async ({ params: { model }, query: { filter } }) => {
      await getDefinition(database, model);
      const versions = await listVersions(database, model);
      const found = filter === undefined ? undefined : await searchVersions(database, model, filter);
      const facts = await readFacts(database, model);
      return {
        versions: versions
          .filter((each) => found?.has(each.version) ?? true)
          .map(({ createdAt, ...rest }) => ({
            ...rest,
            ...facts.of({ model, version: rest.version }),
            createdAt: createdAt.toISOString(),
          })),
      };
    },
  );

  app.get(
    '/models/:model/versions/:version',
    {
      schema: {
        tags: ['models'],
        summary: 'One version with its lineage, tags, aliases and the watch after its promotion',
        params: modelParams.extend({ version: wholeNumber(2 ** 31 - 1) }),
        response: { 200: detail, ...errorResponses },
      },
    },
    async ({ params }) => {
      const { createdAt, lineage, watch, ...rest } = await versionDetail(
        database,
        params.model,
        params.version,
      );
      const { from, to, expiredAt, ...dataset } = lineage.dataset;
      return {
        ...rest,
        createdAt: createdAt.toISOString(),
        lineage: {
          ...lineage,
          dataset: {
            ...dataset,
            from: from.toISOString(),
            to: to.toISOString(),
            expiredAt: expiredAt?.toISOString() ?? null,
          },
        },
        watch: watch && {
          startedAt: watch.startedAt.toISOString(),
          endsAt: watch.endsAt.toISOString(),
          lookedAt: watch.lookedAt?.toISOString() ?? null,
          breachedAt: watch.breachedAt?.toISOString() ?? null,
          rules: watch.findings?.rules ?? [],
          outcome: watch.outcome,
          summary: watch.summary,
        },
      };
    },
  );
}
