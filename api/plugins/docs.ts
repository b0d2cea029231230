// The OpenAPI document of all routes, as JSON and as a page.
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { type App } from '../context/types.ts';

/** Serves the document at `/docs/json` and its page at `/ui/docs`. It contains the routes that are registered afterwards. */
export async function serveDocs(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tidegate',
        description: 'Predictions by the version in Production, and the decisions that put a version there.',
        version: '1',
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
      tags: [
        { name: 'predictions', description: 'Scores by the version in Production' },
        { name: 'mlflow', description: "The scoring protocol of MLflow's model server" },
        { name: 'open inference', description: 'The Open Inference protocol, version 2' },
        { name: 'models', description: 'Models, their versions and reports' },
        { name: 'decisions', description: 'Versions that wait for a person, and decisions on them' },
        { name: 'identity', description: 'Keys, roles and accounts' },
        { name: 'operations', description: 'Runs that people start, and how they are followed' },
        { name: 'process', description: 'State of this process' },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: finishDocument,
  });
  // Below /ui, because a browser sends the cookie of its session only there.
  await app.register(swaggerUi, { routePrefix: '/ui/docs' });
  app.get('/docs', { schema: { hide: true } }, (_request, reply) => reply.redirect('/ui/docs'));
  app.get('/docs/json', { schema: { hide: true } }, (_request, reply) => reply.send(app.swagger()));
}

/**
 * Finishes the document. Removes `$id` from components, because the page treats one with an `$id` as a separate document and
 * cannot resolve references to it; and gives the problems of RFC 9457 their content type.
 */
const finishDocument: typeof jsonSchemaTransformObject = (input) => {
  const document = jsonSchemaTransformObject(input);
  const schemas = ('components' in document && document.components?.schemas) || {};
  for (const schema of Object.values<object>(schemas)) {
    Reflect.deleteProperty(schema, '$id');
    Reflect.deleteProperty(schema, '$schema');
  }
  for (const { content } of responsesOf(document)) {
    const json = content?.['application/json'];
    if (json?.schema?.$ref !== '#/components/schemas/Error') continue;
    content!['application/problem+json'] = json;
    delete content!['application/json'];
  }
  return document;
};

interface DocumentedResponse {
  readonly content?: Record<string, { readonly schema?: { readonly $ref?: string } }>;
}

const responsesOf = ({ paths }: { readonly paths?: unknown }): DocumentedResponse[] =>
  Object.values((paths ?? {}) as Record<string, Record<string, { responses?: object }>>)
    .flatMap((operations) => Object.values(operations))
    .flatMap(({ responses = {} }) => Object.values(responses) as DocumentedResponse[]);
