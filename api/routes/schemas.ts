// Serves the JSON Schemas that Tidegate publishes.
import { z } from 'zod';
import { reportJsonSchema } from '../../domain/decisions/report/report-document.ts';
import { type App } from '../context/types.ts';
import { errorResponses } from '../schemas/common.ts';

/** `GET /schemas/report`. */
export function schemaRoutes(app: App): void {
  const schema = reportJsonSchema();
  app.get(
    '/schemas/report',
    {
      schema: {
        tags: ['models'],
        summary: 'JSON Schema of a report',
        response: { 200: z.looseObject({}), ...errorResponses },
      },
    },
    async (_request, reply) => {
      void reply.type('application/schema+json; charset=utf-8');
      return schema;
    },
  );
}
