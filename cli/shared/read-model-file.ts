// Loads a model file, which is TypeScript that a user wrote.
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseDefinition } from '../../domain/model/define-model.ts';
import { type ModelDefinition } from '../../domain/model/definition.ts';
import { TidegateError } from '../../domain/errors.ts';

/**
 * Reads the default export of a model file.
 *
 * @throws TidegateError INVALID_DEFINITION if the file does not exist, cannot be loaded, or does not export a model
 */
export async function readModelFile(file: string): Promise<ModelDefinition> {
  const path = resolve(file);
  const unusable = (problem: string, cause?: unknown): TidegateError =>
    new TidegateError('INVALID_DEFINITION', `${file} ${problem}`, {
      remedy: 'Name a file such as models/churn.ts, whose default export is defineModel({ … }).',
      cause,
    });
  await access(path).catch((cause: unknown) => {
    throw unusable('cannot be read', cause);
  });
  let exported: unknown;
  try {
    // Our own code is compiled beforehand, but a user's model file is TypeScript and needs tsx.
    const { tsImport } = await import('tsx/esm/api');
    const loaded = (await tsImport(pathToFileURL(path).href, import.meta.url)) as { default?: unknown };
    exported = unwrapped(loaded.default);
  } catch (cause) {
    throw unusable(`cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (exported === undefined) throw unusable('has no default export');
  return parseDefinition(exported);
}

/** Unwraps the default export: a file outside a package of type `module` is loaded as CommonJS, which wraps it once more. */
const unwrapped = (exported: unknown): unknown =>
  typeof exported === 'object' && exported !== null && 'default' in exported ? exported.default : exported;
