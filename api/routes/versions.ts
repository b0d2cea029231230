// Lists the versions of a model.
import { z } from 'zod';
import { getDefinition } from '../../store/definitions/definitions.ts';
import { listVersions } from '../../store/registry/versions.ts';
import { type ApiDeps, type App } from '../context/types.ts';
import { errorResponses, instant, modelParams, stage } from '../schemas/common.ts';

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
});

/** `GET /models/:model/versions`. */
export function versionsRoute(app: App, { database }: ApiDeps): void {
  app.get(
    '/models/:model/versions',
    {
      schema: {
        tags: ['models'],
        summary: 'All versions of a model, newest first',
        params: modelParams,
        response: { 200: z.object({ versions: z.array(version) }), ...errorResponses },
      },
    },
    async ({ params }) => {
      await getDefinition(database, params.model);
      const versions = await listVersions(database, params.model);
      return {
        versions: versions.map(({ createdAt, ...rest }) => ({ ...rest, createdAt: createdAt.toISOString() })),
      };
    },
  );
}
