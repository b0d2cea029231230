// Loads the runtime for ONNX models: an optional package, needed only when an ONNX version is scored.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TidegateError } from '../domain/errors.ts';

/** The package, and the version with which this release is tested. */
export const ONNX_RUNTIME = { name: 'onnxruntime-node', version: '1.30.0' } as const;

/** A tensor of the runtime. */
export interface Tensor {
  readonly type: string;
  readonly data: ArrayLike<unknown>;
  readonly dims: readonly number[];
}

/** The runtime's metadata of an input or output. */
export interface ValueMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  /** Sizes of the dimensions; a name or −1 means any size. */
  readonly shape?: readonly (number | string)[];
}

/** A loaded model. */
export interface Session {
  readonly inputMetadata: readonly ValueMetadata[];
  readonly outputMetadata: readonly ValueMetadata[];
  run(feeds: Readonly<Record<string, Tensor>>, fetches: readonly string[]): Promise<Record<string, Tensor>>;
}

/** The part of the package that is used here. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<Session>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => Tensor;
}

let folder: string | null = null;

/** Sets the folder that `tidegate trees install` fills; called once, when the process starts. */
export function lookForOnnxRuntimeIn(where: string | null): void {
  folder = where;
}

/** Returns the folder that was set, so that it can be passed to a thread. */
export const onnxRuntimeFolder = (): string | null => folder;

/**
 * Loads the runtime from this project's packages or from the folder that was set.
 *
 * @throws TidegateError ONNX_RUNTIME_MISSING, with the command to run as its remedy
 * @example const { InferenceSession } = openOnnxRuntime();
 */
export function openOnnxRuntime(): OnnxRuntime {
  const places = [import.meta.url, ...(folder === null ? [] : [join(folder, 'package.json')])];
  const problems: string[] = [];
  for (const place of places) {
    try {
      return createRequire(place)(ONNX_RUNTIME.name) as OnnxRuntime;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const absent = code === 'MODULE_NOT_FOUND' || !existsSync(place.replace('file://', ''));
      if (!absent) problems.push(message.split('\n')[0]!);
    }
  }
  const found = problems.length > 0 ? `could not be loaded: ${problems.join('; ')}` : 'is not installed';
  throw new TidegateError(
    'ONNX_RUNTIME_MISSING',
    `${ONNX_RUNTIME.name}, which scores this version, ${found}`,
  );
}
